import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import type { Duck } from "../../../src/core/duck.js";
import { type Breakdown, diskUsage, type Usage } from "../../../src/runner/store/du.js";
import type { Result } from "../../../src/runner/store/results.js";
import { Store } from "../../../src/runner/store/store.js";
import { addResult, addRun, COLUMNS, openStore, SPACE, taskFolder, withDuck } from "./rig.js";

/** "pixels of a": 11 bytes, after a record's header of 4 + 4 + 32. */
const PACKED = 40 + 11;
/** The same as a file. */
const LOOSE = 11;

async function usageOf(store: Store): Promise<Usage> {
  const looked = Store.open(store.root, { readOnly: true });
  try {
    return await diskUsage(looked);
  } finally {
    await looked.close();
  }
}

/** Bytes of a result's table, the file that addResult writes beside it aside. */
function tableBytes(store: Store, { outputs }: Result): number {
  return store.trees.get(outputs.images?.hash ?? "")?.entries["images.parquet"]?.bytes ?? 0;
}

function assertWhole(usage: Usage, breakdown: Breakdown): void {
  const alone = breakdown.entries.reduce((sum, entry) => sum + entry.alone, 0);
  assert.equal(alone + breakdown.shared + breakdown.rest, usage.blobs.bytes);
}

/** Items a and b in a pack, c in a file, d only in the item cache; three stages in two runs, and a lost result. */
async function twoRuns(store: Store, duck: Duck) {
  const task = taskFolder(store, { inputs: ["a", "b", "d"], loose: ["c"] });
  await store.items.commit(SPACE, COLUMNS, [task], duck);
  // A blob that two rows name is one blob.
  const crawl = await addResult(store, duck, "crawl", ["a", "b", "c", "c"]);
  const screen = await addResult(store, duck, "screen", ["a"]);
  const other = await addResult(store, duck, "other", ["b"], {
    preimage: { tag: "stage/1", kind: "rare", version: 1, with: {}, inputs: {} },
  });
  addRun(store, "run1", "2026-01-01T00:00:00Z", [crawl, screen]);
  addRun(store, "run2", "2026-01-02T00:00:00Z", [crawl]);
  const files = {
    crawl: tableBytes(store, crawl) + "file of crawl".length,
    screen: tableBytes(store, screen) + "file of screen".length,
    other: tableBytes(store, other) + "file of other".length,
  };
  return { files };
}

test("blobs are told by stage and by run; what several refer to is counted once", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const { files } = await twoRuns(store, duck);
    store.blobs.putBytes(Buffer.from("nobody's"));
    const usage = await usageOf(store);
    const bytes = files.crawl + files.screen + files.other + 3 * PACKED + LOOSE + "nobody's".length;
    assert.deepEqual(usage.blobs, { bytes, cacheOnly: PACKED, unreferenced: "nobody's".length });
    assert.deepEqual(usage.stages, {
      entries: [
        // Its run is not there any more: only the result names it.
        { name: "other", kind: "rare", alone: files.other, shared: PACKED },
        { name: "p/crawl", kind: "test", alone: files.crawl + LOOSE, shared: 2 * PACKED },
        { name: "p/screen", kind: "test", alone: files.screen, shared: PACKED },
      ],
      shared: 2 * PACKED,
      rest: PACKED + "nobody's".length,
    });
    // a is shared by two stages, but of one kind.
    assert.deepEqual(usage.kinds.entries, [
      { name: "rare", alone: files.other, shared: PACKED },
      { name: "test", alone: files.crawl + files.screen + LOOSE + PACKED, shared: PACKED },
    ]);
    assert.deepEqual(
      usage.runs.entries.map(({ folder, ...run }) => run),
      [
        { name: "run1", pipeline: "p", alone: files.screen, shared: files.crawl + 2 * PACKED + LOOSE },
        { name: "run2", pipeline: "p", alone: 0, shared: files.crawl + 2 * PACKED + LOOSE },
      ],
    );
    assert.deepEqual(usage.pipelines.entries, [
      { name: "p", alone: files.crawl + files.screen + 2 * PACKED + LOOSE, shared: 0 },
    ]);
    for (const breakdown of [usage.kinds, usage.stages, usage.pipelines, usage.runs]) {
      assertWhole(usage, breakdown);
    }
  }));

test("what latest/ shows without a run is its pipeline's; a blob in two packs takes the space of two", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a"] })], duck);
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a"] })], duck);
    const shown = await addResult(store, duck, "shown", ["a"]);
    const tree = store.trees.get(shown.outputs.images?.hash ?? "");
    assert.ok(tree);
    store.latest.publish("demo", "shown", new Map([["images", tree]]), shown.fingerprint);
    const { pipelines, runs } = await usageOf(store);
    const alone = tableBytes(store, shown) + "file of shown".length + 2 * PACKED;
    assert.deepEqual(pipelines.entries, [{ name: "demo", alone, shared: 0 }]);
    assert.deepEqual(runs, { entries: [], shared: 0, rest: alone });
  }));

test("the parts are all there is, as du of the system counts it", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await twoRuns(store, duck);
    mkdirSync(join(store.root, "paid/google"), { recursive: true });
    writeFileSync(join(store.root, "paid/google/answer"), "12345");
    mkdirSync(join(store.root, "damaged"));
    writeFileSync(join(store.root, "damaged/blob"), "123");
    writeFileSync(join(store.root, "note.txt"), "1234567");
    // What stands in nobody's place is no blob; a link is not followed.
    writeFileSync(join(store.root, "store/stray"), "1");
    mkdirSync(join(store.root, "store/ab"), { recursive: true });
    writeFileSync(join(store.root, "store/ab/stray"), "12");
    symlinkSync("/", join(store.root, "latest-of-all"));
    mkdirSync(store.snapshotsDir("f".repeat(64)), { recursive: true });
    writeFileSync(join(store.snapshotsDir("f".repeat(64)), "epoch"), "weights");
    const { total, parts, runs } = await usageOf(store);
    assert.deepEqual([parts.paid.bytes, parts.damaged.bytes, parts.snapshots.bytes], [5, 3, 7]);
    assert.deepEqual([parts.other.files, parts.other.bytes], [4, 7 + 1 + 2 + 1]);
    const [kilobytes] = execFileSync("du", ["-sk", store.root], { encoding: "utf8" }).split("\t");
    assert.equal(total.diskBytes, 1024 * Number(kilobytes));
    assert.equal(
      runs.entries.reduce((sum, { folder }) => sum + folder, 0),
      parts.runs.bytes,
    );
  }));

test("a damaged table is named and left out", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a"] })], duck);
    const result = await addResult(store, duck, "crawl", ["a"]);
    const path = store.blobs.path(
      store.trees.get(result.outputs.images?.hash ?? "")?.entries["images.parquet"]?.blob ?? "",
    );
    chmodSync(path, 0o644);
    writeFileSync(path, readFileSync(path).fill(0));
    const looked = Store.open(store.root, { readOnly: true });
    const notices: string[] = [];
    looked.notices.listen((message) => notices.push(message));
    const { blobs } = await diskUsage(looked);
    assert.equal(blobs.cacheOnly, PACKED);
    assert.match(notices.join("\n"), /^a table of artifact [0-9a-f]{12} is lost or damaged/);
  }));
