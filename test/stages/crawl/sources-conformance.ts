import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { LISTED_COLUMNS, type ListContext, type ListedItem } from "../../../src/contract/kind.js";
import type { Item, ItemOutcome } from "../../../src/contract/stage.js";
import { sha256, sha256File } from "../../../src/core/hash.js";
import type { JsonObject } from "../../../src/core/json.js";
import { kind as crawl } from "../../../src/stages/crawl/kind.js";
import { items } from "../../../src/stages/crawl/run.js";
import { rigContext } from "../../rigs/context.js";
import { temporaryFolder } from "../../rigs/folder.js";

export interface SourceSetup {
  /** `with.source`, defaults filled in. */
  readonly source: JsonObject;
  /** How many items it lists. */
  readonly count: number;
  readonly base?: string;
}

/** What a listing may use beside its params, in folders of its own. */
export function listing(): Pick<ListContext, "scratch" | "cache" | "signal" | "secret" | "rememberedFiles"> {
  const folder = temporaryFolder();
  return {
    scratch: join(folder, "scratch"),
    cache: join(folder, "cache"),
    signal: new AbortController().signal,
    rememberedFiles: () => [],
    secret: (variable) => process.env[variable] ?? assert.fail(`no secret ${variable}`),
  };
}

/** Lists a source's items through the crawl kind, as the runner does. */
export async function listSource(
  setup: Pick<SourceSetup, "source" | "base">,
  options: Partial<ListContext> = {},
): Promise<{ listed: ListedItem[]; warnings: string[] }> {
  const warnings: string[] = [];
  const lister = await crawl.list!();
  const context: ListContext = {
    with: { source: setup.source },
    base: setup.base ?? "/",
    seed: 0,
    ...listing(),
    hashFile: sha256File,
    warn: (message) => void warnings.push(message),
    ...options,
  };
  const listed: ListedItem[] = [];
  for await (const item of await lister(context)) listed.push(item);
  listed.sort((a, b) => (a.id < b.id ? -1 : 1));
  return { listed, warnings };
}

/** Has a freshly opened worker make the listed items. */
export async function crawlItems(
  source: JsonObject,
  listed: readonly Pick<ListedItem, "id" | "input" | "locator">[],
): Promise<readonly ItemOutcome[]> {
  const worker = await items.open(rigContext({ with: { source } }));
  const outcomes: ItemOutcome[] = [];
  for (const { id, input, locator } of listed) {
    const item: Item = { id, input, locator, row: {} };
    outcomes.push(...(await worker.process([item])));
  }
  await worker.close?.();
  return outcomes;
}

function bytesOf(outcome: ItemOutcome): Buffer {
  assert.ok(outcome.ok, JSON.stringify(outcome));
  const value = outcome.blobs?.blob;
  assert.ok(value, "no bytes for the blob column");
  return "file" in value ? readFileSync(value.file) : Buffer.from(value);
}

/** What every source keeps to, whatever it gathers. */
export function sourceConformance(name: string, setup: () => SourceSetup | Promise<SourceSetup>): void {
  test(`${name}: lists the same items each time, ids unique, columns complete`, async () => {
    const given = await setup();
    const first = await listSource(given);
    const again = await listSource(given);
    assert.equal(first.listed.length, given.count);
    // Where an item is found may change (signed links); it is in no key and no table.
    const lasting = (items: readonly ListedItem[]) => items.map((item) => ({ ...item, locator: "" }));
    assert.deepEqual(lasting(again.listed), lasting(first.listed));
    assert.equal(new Set(first.listed.map((item) => item.id)).size, given.count);
    const more = crawl.listedColumns!({ source: given.source });
    for (const item of first.listed) {
      assert.deepEqual(Object.keys(item.columns).sort(), [...LISTED_COLUMNS, ...more].sort());
      assert.match(item.id, /^[\w.-]{1,128}$/, "an id must do as a file name in a tar");
    }
  });

  test(`${name}: a listing can be left half-way`, async () => {
    const { source, base = "/" } = await setup();
    const lister = await crawl.list!();
    const context = { ...listing(), with: { source }, base, seed: 0, hashFile: sha256File, warn() {} };
    for await (const item of await lister(context)) {
      assert.ok(item.id);
      break;
    }
  });

  test(`${name}: two workers give the same bytes, and columns that are true of them`, async () => {
    const given = await setup();
    const { listed } = await listSource(given);
    const some = listed.slice(0, 12);
    const first = await crawlItems(given.source, some);
    const again = await crawlItems(given.source, some.toReversed());
    assert.deepEqual(again.toReversed().map(bytesOf).map(sha256), first.map(bytesOf).map(sha256));
    for (const outcome of first) {
      assert.ok(outcome.ok);
      const bytes = bytesOf(outcome);
      const { width, height, format } = await sharp(bytes).metadata();
      const { opt_outs, etag: _, last_modified: __, ...columns } = outcome.columns;
      assert.ok(opt_outs === null || typeof opt_outs === "string");
      assert.deepEqual(columns, {
        bytes: bytes.length,
        format: format === "jpeg" ? "jpg" : format,
        width,
        height,
      });
      const names = (place: "cache" | undefined) =>
        crawl
          .item!.columns.filter((column) => !column.blob && column.place === place)
          .map(({ name }) => name);
      assert.deepEqual(Object.keys({ ...columns, opt_outs }).sort(), names(undefined).sort());
      for (const name of Object.keys(outcome.columns))
        assert.ok([...names(undefined), ...names("cache")].includes(name));
    }
  });
}
