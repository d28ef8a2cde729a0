import { createHash } from "node:crypto";
import { createWriteStream } from "node:fs";
import { finished } from "node:stream/promises";
import { LISTED_COLUMNS, type ListedItem, type Lister } from "../../contract/kind.js";
import type { StageConfig } from "../config/pipeline.js";
import type { Store } from "../store/store.js";

/** A listing whose hash is known: its lines stay in memory until the plan knows whether they are needed. */
export interface Listing {
  /** sha256 over the sorted lines without locators. */
  readonly identity: string;
  readonly count: number;
  /** id → input of every item, for telling what changed. */
  entries(): Iterable<readonly [id: string, input: string]>;
  writeTo(path: string): Promise<void>;
}

function line(item: ListedItem): string {
  const columns = Object.fromEntries(LISTED_COLUMNS.map((name) => [name, item.columns[name] ?? null]));
  return JSON.stringify({ id: item.id, input: item.input, ...columns, locator: item.locator });
}

/** Starts a kind's lister with what it may use. */
export async function listItems(
  stage: StageConfig,
  list: () => Promise<Lister>,
  seed: number,
  base: string,
  store: Store,
  warn: (message: string) => void,
): Promise<AsyncIterable<ListedItem>> {
  const lister = await list();
  return lister({
    with: stage.params.all,
    base,
    seed,
    hashFile: (path) => store.stat.hashFile(path),
    warn,
  });
}

/** Reads a whole listing, sorts it by id and hashes it. Memory: about 300 bytes an item. */
export async function collectListing(items: AsyncIterable<ListedItem>): Promise<Listing> {
  const lines: { id: string; input: string; text: string }[] = [];
  for await (const item of items) lines.push({ id: item.id, input: item.input, text: line(item) });
  lines.sort((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
  const hash = createHash("sha256").update("listing/1\n");
  // Locators come last in a line and are places on this machine: equal folders elsewhere hash alike.
  for (const { text } of lines) hash.update(`${text.slice(0, text.lastIndexOf(',"locator":'))}\n`);
  return {
    identity: hash.digest("hex"),
    count: lines.length,
    *entries() {
      for (const { id, input } of lines) yield [id, input] as const;
    },
    writeTo: (path) => writeLines(path, iterate(lines)),
  };
}

async function* iterate(lines: readonly { text: string }[]): AsyncGenerator<string> {
  for (const { text } of lines) yield text;
}

/** Streams a listing to a JSON-lines file without holding it. */
export async function spoolListing(items: AsyncIterable<ListedItem>, path: string): Promise<void> {
  await writeLines(
    path,
    (async function* () {
      for await (const item of items) yield line(item);
    })(),
  );
}

async function writeLines(path: string, lines: AsyncIterable<string>): Promise<void> {
  const out = createWriteStream(path, { highWaterMark: 1 << 20 });
  let batch: string[] = [];
  const write = async () => {
    const ok = out.write(`${batch.join("\n")}\n`);
    batch = [];
    if (!ok) await new Promise<void>((resolve) => out.once("drain", resolve));
  };
  for await (const text of lines) {
    batch.push(text);
    if (batch.length >= 1000) await write();
  }
  if (batch.length > 0) await write();
  out.end();
  await finished(out);
}
