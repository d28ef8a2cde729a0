import { createHash } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { type Kind, LISTED_COLUMNS, type Listed, type ListedItem, type Lister } from "../../contract/kind.js";
import { StageError } from "../../contract/stage.js";
import { writeWhole } from "../../core/files.js";
import type { Json } from "../../core/json.js";
import type { StageConfig } from "../config/pipeline.js";
import type { Store } from "../store/store.js";

/** Lines are put together, hashed and written in pieces of about this many characters. */
const PIECE = 1 << 18;

/** A listing whose hash is known: what it holds is kept until the plan knows whether it is needed. */
export interface Listing {
  /** {units: …}: the sums of the source's units; or sha256 over the lines without locators, in the lister's order. */
  readonly identity: Json;
  readonly count: number;
  /**
   * Writes the listing as JSON lines: id, input, its columns, refused of those that are, locator.
   *
   * @param units only the items of these; of a listing whose identity has units
   */
  writeTo(path: string, units?: readonly string[]): Promise<void>;
}

/** An item as JSON but for its end, which is the locator: a place on this machine, so no part of any hash. */
function startOfLine({ id, input, columns, refused }: ListedItem, names: readonly string[]): string {
  let text = `{"id":${JSON.stringify(id)},"input":${JSON.stringify(input)}`;
  for (const name of names) {
    const value = columns[name];
    text +=
      value == null ? `,${JSON.stringify(name)}:null` : `,${JSON.stringify(name)}:${JSON.stringify(value)}`;
  }
  if (refused) {
    text += `,"refused":{"class":${JSON.stringify(refused.class)},"detail":${JSON.stringify(refused.detail)}}`;
  }
  return text;
}

function endOfLine({ locator }: ListedItem): string {
  return `,"locator":${JSON.stringify(locator)}}\n`;
}

/** The columns of a kind's listing beside id, input and locator. */
export function listedColumns(kind: Kind, params: StageConfig["params"]): readonly string[] {
  return [...LISTED_COLUMNS, ...(kind.listedColumns?.(params.all) ?? [])];
}

/** What a listing is made with, beside its stage. */
export interface ListingOptions {
  readonly seed: number;
  readonly base: string;
  readonly store: Store;
  /** A folder for its files, if it makes any. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly warn: (message: string) => void;
}

/** Starts a kind's lister with what it may use. */
export async function listItems(
  stage: StageConfig,
  list: () => Promise<Lister>,
  options: ListingOptions,
): Promise<Listed> {
  const lister = await list();
  const { store, ...given } = options;
  return lister({
    ...given,
    with: stage.params.all,
    cache: join(store.root, "cache", "sources"),
    hashFile: (path) => store.stat.hashFile(path),
    rememberedFiles: () => store.stat.remembered(),
    secret(variable) {
      const value = stage.secrets.includes(variable) ? process.env[variable] : undefined;
      if (value) return value;
      throw new StageError(`the environment variable ${variable} is not set`, {
        class: "no-secret",
        hint: `set it before the run: export ${variable}=…`,
      });
    },
  });
}

/**
 * Hashes a whole listing, unless the source has done so itself. Memory: then nothing, else some 300 bytes an item, none
 * of it JavaScript's.
 */
export async function collectListing(items: Listed, names: readonly string[]): Promise<Listing> {
  if (items.units) {
    const { count, sums, items: ofUnits } = items.units;
    return {
      identity: { units: sums },
      count,
      writeTo: (path, units) => spoolListing(units ? ofUnits(units) : items, names, path),
    };
  }
  const hash = createHash("sha256").update("listing/2\n");
  const pieces: Buffer[] = [];
  let count = 0;
  let named = "";
  let lines = "";
  const cut = () => {
    hash.update(named);
    pieces.push(Buffer.from(lines));
    named = "";
    lines = "";
  };
  for await (const item of items) {
    const start = startOfLine(item, names);
    named += `${start}\n`;
    lines += start + endOfLine(item);
    count += 1;
    if (lines.length >= PIECE) cut();
  }
  cut();
  return {
    identity: hash.digest("hex"),
    count,
    writeTo: (path) => writing(path, (write) => pieces.forEach(write)),
  };
}

/** Streams a listing to a JSON-lines file without holding it. */
export async function spoolListing(
  items: AsyncIterable<ListedItem> | Iterable<ListedItem>,
  names: readonly string[],
  path: string,
): Promise<void> {
  await writing(path, async (write) => {
    let lines = "";
    for await (const item of items) {
      lines += startOfLine(item, names) + endOfLine(item);
      if (lines.length < PIECE) continue;
      write(Buffer.from(lines));
      lines = "";
    }
    write(Buffer.from(lines));
  });
}

async function writing(
  path: string,
  work: (write: (bytes: Buffer) => void) => void | Promise<void>,
): Promise<void> {
  const fd = openSync(path, "w");
  try {
    await work((bytes) => {
      writeWhole(fd, bytes);
    });
  } finally {
    closeSync(fd);
  }
}
