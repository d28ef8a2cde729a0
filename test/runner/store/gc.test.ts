import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { packsFolder } from "../../../src/core/layout.js";
import { gc } from "../../../src/runner/store/gc.js";
import { Store } from "../../../src/runner/store/store.js";
import { verify } from "../../../src/runner/store/verify.js";
import {
  addResult,
  addRun,
  blobOf,
  COLUMNS,
  knownInputs,
  openStore,
  SPACE,
  taskFolder,
  withDuck,
} from "./rig.js";

const DAY = 86_400_000;
const NOW = Date.parse("2026-03-01T00:00:00Z");

async function problems(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const { what, message } of verify(store, { fix: false })) found.push(`${what}: ${message}`);
  return found;
}

const inStore = (store: Store, inputs: readonly string[]) =>
  inputs.filter((input) => store.blobs.has(sha256(blobOf(input))));

test("gc without a policy keeps what runs, latest and the item cache refer to, and drops the rest", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a", "b"], loose: ["c"] })], duck);
    const kept = await addResult(store, duck, "kept", ["a", "c"]);
    const shown = await addResult(store, duck, "shown", ["b"]);
    const lost = await addResult(store, duck, "lost", ["a"]);
    addRun(store, "run1", "2026-01-01T00:00:00Z", [kept]);
    store.latest.publish(
      "p",
      "shown",
      new Map([["images", store.trees.get(shown.outputs.images!.hash)!]]),
      shown.fingerprint,
    );
    store.memo.put("pack", sha256("1"), sha256("file of kept"));
    store.memo.put("pack", sha256("2"), sha256("file of lost"));
    writeFileSync(join(store.root, "store/tmp/half"), "half");
    mkdirSync(store.taskDir("stage-x.dead.1-0"), { recursive: true });
    taskFolder(store, { inputs: ["d"], finished: false });
    for (const name of ["lost", "unfinished"]) {
      mkdirSync(store.snapshotsDir(sha256(name)), { recursive: true });
      writeFileSync(join(store.snapshotsDir(sha256(name)), "epoch"), "weights");
    }

    const dry = await gc(store, { dryRun: true });
    assert.ok(existsSync(store.results.path(lost.fingerprint)));
    const report = await gc(store, { dryRun: false });
    assert.deepEqual({ ...report, dryRun: true }, dry);
    const counts = Object.entries(report.removed).map(([category, { count }]) => [category, count]);
    assert.deepEqual(Object.fromEntries(counts), {
      runs: 0,
      results: 1,
      trees: 1,
      blobs: 2,
      packs: 0,
      segments: 0,
      memo: 1,
      shared: 0,
      snapshots: 1,
      scratch: 2,
      damaged: 0,
      paid: 0,
    });
    assert.ok(report.bytes > 0);
    assert.deepEqual(inStore(store, ["a", "b", "c"]), ["a", "b", "c"]);
    assert.ok(!store.blobs.has(sha256("file of lost")));
    assert.ok(store.blobs.has(sha256("file of kept")) && store.blobs.has(sha256("file of shown")));
    assert.ok(existsSync(store.snapshotsDir(sha256("unfinished"))));
    await store.items.harvest(SPACE, COLUMNS, duck);
    assert.deepEqual(await knownInputs(store, duck), ["a", "b", "c", "d"]);
    assert.deepEqual(await problems(store), []);
  }));

test("snapshots of a stage that has its result go", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const result = await addResult(store, duck, "done", ["a"]);
    addRun(store, "run1", "2026-01-01T00:00:00Z", [result]);
    mkdirSync(store.snapshotsDir(result.fingerprint), { recursive: true });
    assert.equal((await gc(store, { dryRun: false })).removed.snapshots.count, 1);
  }));

test("older runs go with what only they needed: packs are written anew without it", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const inputs = Array.from({ length: 40 }, (_, i) => `input ${i}`);
    const other = sha256("another space");
    await store.items.commit(
      SPACE,
      COLUMNS,
      [taskFolder(store, { inputs, loose: ["big", "old big"] })],
      duck,
    );
    const folder = taskFolder(store, { name: `items-${other}.dead.1-0`, inputs: ["elsewhere"] });
    await store.items.commit(other, COLUMNS, [folder], duck);
    const old = await addResult(store, duck, "old", [...inputs, "old big", "elsewhere"], { space: other });
    const young = await addResult(store, duck, "young", ["input 1", "input 2", "big"], { space: SPACE });
    addRun(store, "20260101", "2026-01-01T00:00:00Z", [old]);
    addRun(store, "20260228", "2026-02-28T00:00:00Z", [young]);
    const before = packBytes(store);

    assert.equal((await gc(store, { dryRun: true, keepLast: 1 })).removed.runs.count, 1);
    const policy = { dryRun: false, olderThanMs: 30 * DAY, now: NOW };
    const report = await gc(store, policy);
    assert.equal(report.removed.runs.count, 1);
    assert.equal(report.removed.results.count, 1);
    assert.deepEqual(store.runs.ids(), ["20260228"]);
    assert.deepEqual(inStore(store, inputs), ["input 1", "input 2"]);
    assert.deepEqual(inStore(store, ["big", "old big", "elsewhere"]), ["big"]);
    assert.deepEqual(await knownInputs(store, duck), ["big", "input 1", "input 2"]);
    assert.deepEqual(
      store.items
        .spaces()
        .map((space) => store.items.segments(space).length)
        .sort(),
      [0, 1],
    );
    assert.ok(packBytes(store) < before / 10);
    assert.deepEqual(await problems(store), []);
    assert.equal((await gc(store, policy)).bytes, 0);
  }));

test("given a number and an age, a run goes when both say so", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const result = await addResult(store, duck, "crawl", ["a"]);
    for (const day of ["20260101", "20260102", "20260228"]) {
      addRun(store, day, `2026-${day.slice(4, 6)}-${day.slice(6)}T00:00:00Z`, [result]);
    }
    const policy = { dryRun: false, olderThanMs: 30 * DAY, now: NOW };
    assert.equal((await gc(store, { ...policy, keepLast: 3 })).removed.runs.count, 0);
    await gc(store, { ...policy, keepLast: 2 });
    assert.deepEqual(store.runs.ids(), ["20260102", "20260228"]);
    await gc(store, { ...policy, keepLast: 1 });
    assert.deepEqual(store.runs.ids(), ["20260228"]);
  }));

test("a store that cannot be written is verified, and gc says what would go, without writing there", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a"] })], duck);
    await addResult(store, duck, "lost", ["a", "b"]);
    rmSync(join(store.root, "scratch"), { recursive: true });
    const looked = Store.open(store.root, { readOnly: true });
    assert.deepEqual(await problems(looked), [
      "result: the output of lost names 1 blobs that the store has lost",
    ]);
    assert.equal((await gc(looked, { dryRun: true })).removed.results.count, 1);
    assert.equal(existsSync(join(store.root, "scratch")), false);
  }));

function packBytes(store: Store): number {
  return readdirSync(packsFolder(store.root))
    .filter((name) => name.endsWith(".pack"))
    .reduce((sum, name) => sum + statSync(join(packsFolder(store.root), name)).size, 0);
}

test("packs outlive a deleted cache as long as artifacts name their blobs", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const inputs = Array.from({ length: 20 }, (_, i) => `input ${i}`);
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs })], duck);
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["unused"] })], duck);
    addRun(store, "run1", "2026-01-01T00:00:00Z", [await addResult(store, duck, "kept", ["input 3"])]);
    rmSync(join(store.root, "cache"), { recursive: true });
    await gc(store, { dryRun: false });
    assert.deepEqual(inStore(store, [...inputs, "unused"]), ["input 3"]);
    assert.deepEqual(await store.blobs.read(sha256(blobOf("input 3"))), blobOf("input 3"));
    assert.equal(readdirSync(packsFolder(store.root)).filter((name) => name.endsWith(".pack")).length, 1);
  }));

test("gc refuses while a run is alive; asked only, it answers", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await addResult(store, duck, "lost", ["a"]);
    const lease = await store.leases.shared("busy");
    await assert.rejects(gc(store, { dryRun: false }), /in use by run busy/);
    assert.equal((await gc(store, { dryRun: true })).removed.results.count, 1);
    lease.release();
    assert.equal((await gc(store, { dryRun: false })).removed.results.count, 1);
  }));

test("old snapshots without a result go only with a policy of age", async () => {
  const store = openStore();
  const path = store.snapshotsDir(sha256("killed"));
  mkdirSync(path, { recursive: true });
  utimesSync(path, new Date("2026-01-01"), new Date("2026-01-01"));
  assert.equal((await gc(store, { dryRun: false, now: NOW })).removed.snapshots.count, 0);
  assert.equal((await gc(store, { dryRun: false, now: NOW, keepLast: 0 })).removed.snapshots.count, 0);
  assert.equal(
    (await gc(store, { dryRun: false, now: NOW, olderThanMs: 30 * DAY })).removed.snapshots.count,
    1,
  );
});

test("verify finds each kind of damage; fixed, nothing is left and what is sound is served", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a", "b"], loose: ["c"] })], duck);
    const result = await addResult(store, duck, "crawl", ["a", "b", "c"]);
    const other = await addResult(store, duck, "other", ["a"]);
    addRun(store, "run1", "2026-01-01T00:00:00Z", [result, other]);
    store.latest.publish(
      "p",
      "crawl",
      new Map([["images", store.trees.get(result.outputs.images!.hash)!]]),
      result.fingerprint,
    );
    assert.deepEqual(await problems(store), []);

    const [pack] = readdirSync(packsFolder(store.root)).filter((name) => name.endsWith(".pack"));
    const path = join(packsFolder(store.root), pack!);
    const bytes = readFileSync(path);
    bytes[bytes.indexOf("pixels of b")] = 0;
    chmodSync(path, 0o644);
    writeFileSync(path, bytes);
    rmSync(path.replace(/pack$/, "idx"));
    const file = store.blobs.path(sha256(blobOf("c")));
    chmodSync(file, 0o644);
    writeFileSync(file, "pixels of x");
    writeFileSync(join(store.runs.path("run1"), "record.json"), "{");
    store.blobs.close();

    const found = await problems(store);
    assert.deepEqual(found.map((text) => text.split(":")[0]).sort(), ["blob", "blob", "pack", "run"]);
    const fixed: string[] = [];
    for await (const problem of verify(store, { fix: true })) {
      assert.ok(problem.fixed, problem.message);
      fixed.push(problem.what);
    }
    assert.deepEqual(fixed.sort(), ["blob", "blob", "latest", "pack", "result"]);
    assert.deepEqual(await problems(store), []);
    assert.deepEqual(await knownInputs(store, duck), ["a"]);
    assert.equal(store.results.get(result.fingerprint), undefined);
    assert.ok(store.results.get(other.fingerprint));
    assert.equal(store.latest.get("p", "crawl"), undefined);

    truncateSync(path, 20);
    const [segment] = await problems(store).then((all) => all.filter((text) => text.startsWith("segment")));
    assert.match(segment ?? "", /lost its pack/);
  }));

test("gc removes what stages share once no kept run was there to use it, and what was never finished", async () => {
  const store = openStore();
  const folder = store.sharedDir("train");
  const entry = (name: string, used: string) => {
    const path = join(folder, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "bytes"), "12345");
    if (name === "features-3") writeFileSync(join(path, ".tmp-123-abcdef"), "1");
    utimesSync(path, new Date(used), new Date(used));
  };
  addRun(store, "run1", "2026-01-01T00:00:00Z", []);
  addRun(store, "run2", "2026-02-01T00:00:00Z", []);
  entry("features-1", "2025-12-31T00:00:00Z");
  entry("features-2", "2026-01-01T01:00:00Z");
  entry("features-3", "2026-02-01T01:00:00Z");
  const names = () => readdirSync(folder).sort();
  const plain = await gc(store, { dryRun: false, now: NOW });
  assert.deepEqual(plain.removed.shared, { count: 1, bytes: 5 });
  assert.deepEqual(names(), ["features-2", "features-3"]);
  assert.deepEqual(readdirSync(join(folder, "features-3")), ["bytes"]);
  await gc(store, { dryRun: false, keepLast: 1, now: NOW });
  assert.deepEqual(names(), ["features-3"]);
  await store.close();
});
