import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { LISTED_COLUMNS, type ListedItem } from "../../../src/contract/kind.js";
import { Duck, parquet } from "../../../src/core/duck.js";
import { ItemOutputs } from "../../../src/runner/execute/item-outputs.js";
import { ItemRows } from "../../../src/runner/plan/item-rows.js";
import { spoolListing } from "../../../src/runner/plan/listing.js";
import { Store } from "../../../src/runner/store/store.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { testKind } from "../../rigs/kinds.js";

const KIND = testKind("crawl", {
  outputs: [
    { name: "images", summary: "images" },
    { name: "failures", summary: "failures" },
  ],
  item: { columns: [{ name: "blob", type: "VARCHAR", blob: true }], carry: "all" },
});

test("what a listing refuses is in `failures`, is counted, and is never worked on", async () => {
  const folder = temporaryFolder();
  const store = Store.open(join(folder, "store"));
  const duck = await Duck.open({ scratch: folder });
  try {
    const tables = new ItemRows(duck, KIND.item!, store, "0".repeat(64));
    const listing = join(folder, "listing.jsonl");
    await spoolListing(items(), LISTED_COLUMNS, listing);
    assert.equal(await tables.openListing(listing, LISTED_COLUMNS), 1);
    const made = await ItemOutputs.open(duck, KIND, KIND.item!, store);
    await tables.loadKnown(false);
    assert.equal(await tables.todoCount(), 1);
    const { outputs, refused, failures } = await made.writeOutputs(folder, []);
    assert.equal(refused, 3);
    assert.equal(outputs.images?.rows, 0);
    const tree = store.trees.get(outputs.failures!.hash)!;
    const table = parquet(store.blobs.path(tree.entries["failures.parquet"]!.blob));
    const rows = await duck.all(`SELECT * FROM ${table} ORDER BY id`);
    assert.deepEqual(rows, [
      {
        id: "a~3",
        input: "z",
        class: "duplicate-id",
        detail: "another item before it has the id a",
        transient: false,
        source_url: null,
      },
      { id: "b", input: "b", class: "bad-line", detail: 'line 2: "?"', transient: false, source_url: null },
      { id: "c", input: "c", class: "license-denied", detail: "cc-by", transient: false, source_url: "u" },
    ]);
    assert.deepEqual(failures, [
      { class: "bad-line", count: 1, example: 'b: line 2: "?"' },
      { class: "duplicate-id", count: 1, example: "a~3: another item before it has the id a" },
      { class: "license-denied", count: 1, example: "u: cc-by" },
    ]);
  } finally {
    duck.close();
    await store.close();
  }
});

async function* items(): AsyncGenerator<ListedItem> {
  const item = (id: string) => ({ id, input: id, locator: id, columns: {} });
  yield item("a");
  yield item("a");
  yield { ...item("a"), input: "z" };
  yield { ...item("b"), refused: { class: "bad-line", detail: 'line 2: "?"' } };
  yield { ...item("c"), columns: { source_url: "u" }, refused: { class: "license-denied", detail: "cc-by" } };
}
