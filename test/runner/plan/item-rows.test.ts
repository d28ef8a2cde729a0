import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { ItemLine } from "../../../src/contract/task.js";
import type { Duck } from "../../../src/core/duck.js";
import { sha256 } from "../../../src/core/hash.js";
import { ItemRows } from "../../../src/runner/plan/item-rows.js";
import { spoolListing } from "../../../src/runner/plan/listing.js";
import type { Store } from "../../../src/runner/store/store.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { blobOf, COLUMNS, line, openStore, SPACE, taskFolder, withDuck } from "../store/rig.js";

const SHAPE = { columns: COLUMNS, carry: "all" } as const;

async function open(duck: Duck, store: Store, inputs: readonly string[]): Promise<ItemRows> {
  const rows = new ItemRows(duck, SHAPE, store, SPACE);
  const listing = join(temporaryFolder(), "listing.jsonl");
  const items = inputs.map((input) => ({ id: `id of ${input}`, input, locator: "", columns: {} }));
  await spoolListing(items, ["source_url"], listing);
  await rows.openListing(listing, ["source_url"]);
  return rows;
}

/** Each known input with its width, which the outcomes of these tests differ in. */
async function known(duck: Duck): Promise<Record<string, unknown>> {
  const rows = await duck.all("SELECT input, width FROM known ORDER BY input");
  return Object.fromEntries(rows.map(({ input, width }) => [String(input), width]));
}

function wide(input: string, width: number): ItemLine {
  return { input, ok: true, columns: { blob: null, width, labels: null } };
}

function commit(store: Store, duck: Duck, task: Parameters<typeof taskFolder>[1]): Promise<unknown> {
  return store.items.commit(SPACE, COLUMNS, [taskFolder(store, task)], duck);
}

test("of an input's outcomes the newest is known, whichever segment is the largest", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const many = Array.from({ length: 500 }, (_, i) => wide(`other ${i}`, i));
    await commit(store, duck, { lines: [wide("a", 1), wide("b", 1), wide("not asked for", 1)] });
    await commit(store, duck, { lines: [wide("a", 2), ...many] });
    await commit(store, duck, { lines: [wide("a", 3), wide("c", 3)] });
    const rows = await open(duck, store, ["a", "b", "c", "d"]);
    await rows.loadKnown(false);
    assert.deepEqual(await known(duck), { a: 3, b: 1, c: 3 });
    assert.equal(await rows.todoCount(), 1);
  }));

test("an outcome whose blob is lost is none, in its segment alone", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await commit(store, duck, { inputs: ["a", "b"] });
    store.blobs.setAside(sha256(blobOf("a")));
    const rows = await open(duck, store, ["a", "b"]);
    await rows.loadKnown(false);
    assert.deepEqual(await known(duck), { b: 1 });
    await commit(store, duck, { inputs: ["a"] });
    await rows.loadDone();
    assert.deepEqual(await known(duck), { a: 1, b: 1 });
  }));

test("what was done is known afterwards, also where its segment was merged with others at once", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const inputs = Array.from({ length: 16 }, (_, i) => `input ${i}`);
    for (const input of inputs) await commit(store, duck, { lines: [line(input)], inputs: [input] });
    const rows = await open(duck, store, [...inputs, "new"]);
    await rows.loadKnown(false);
    assert.equal(Object.keys(await known(duck)).length, 16);
    await commit(store, duck, { inputs: ["new", inputs[0]!] });
    assert.ok(store.items.segments(SPACE).length < 16, "nothing was merged");
    await rows.loadDone();
    const after = await duck.all("SELECT input FROM known ORDER BY input");
    assert.deepEqual(
      after.map(({ input }) => input),
      [...inputs, "new"].sort(),
    );
  }));

test("asked for again, an item has what was known before until there is a newer outcome", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await commit(store, duck, { lines: [wide("a", 1), wide("b", 1)] });
    const rows = await open(duck, store, ["a", "b"]);
    await rows.loadKnown(true);
    assert.equal(await rows.todoCount(), 2);
    await commit(store, duck, { lines: [wide("a", 2)] });
    await rows.loadDone();
    assert.deepEqual(await known(duck), { a: 2, b: 1 });
  }));
