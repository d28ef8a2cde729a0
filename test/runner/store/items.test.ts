import assert from "node:assert/strict";
import {
  appendFileSync,
  existsSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { TASK_FILES } from "../../../src/contract/task.js";
import { parquet } from "../../../src/core/duck.js";
import { sha256 } from "../../../src/core/hash.js";
import { packsFolder } from "../../../src/core/layout.js";
import { PackTable } from "../../../src/core/pack-index.js";
import { scanPack } from "../../../src/core/packs.js";
import { blobOf, COLUMNS, knownInputs, line, openStore, SPACE, taskFolder, withDuck } from "./rig.js";

const permanent = {
  input: "bad",
  ok: false,
  class: "broken",
  detail: "no picture",
  transient: false,
} as const;
const passing = { input: "busy", ok: false, class: "timeout", detail: "slow", transient: true } as const;

test("a finished task becomes a segment: rows, blobs in a pack and as files", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const folder = taskFolder(store, { inputs: ["a", "bb"], loose: ["ccc"], lines: [permanent, passing] });
    const counts = await store.items.commit(SPACE, COLUMNS, [folder], duck);
    assert.deepEqual(counts, { ok: 3, failed: 1 });
    assert.ok(!existsSync(folder));
    assert.deepEqual(await knownInputs(store, duck), ["a", "bad!", "bb", "ccc"]);
    const [segment] = store.items.segments(SPACE);
    const rows = await duck.all(`SELECT * FROM ${parquet(segment!.parquet)} WHERE input = 'bb'`);
    assert.deepEqual(rows, [
      {
        input: "bb",
        ok: true,
        class: null,
        detail: null,
        transient: false,
        blob: sha256(blobOf("bb")),
        width: 2,
        labels: [{ tag: "a", score: 0.5 }],
      },
    ]);
    for (const input of ["a", "bb", "ccc"]) {
      assert.deepEqual(await store.blobs.read(sha256(blobOf(input))), blobOf(input));
    }
    assert.ok(store.blobs.hasFile(sha256(blobOf("ccc"))));
    assert.ok(!store.blobs.hasFile(sha256(blobOf("a"))));
  }));

test("the index that a host has left is the pack's where it fits; else the pack is scanned", () =>
  withDuck(async (duck) => {
    for (const { more, known } of [
      { more: 0, known: ["a"] },
      { more: 1, known: ["a", "b"] },
    ]) {
      const store = openStore();
      const folder = taskFolder(store, { inputs: ["a", "b"] });
      const pack = join(folder, TASK_FILES.pack);
      const index = new PackTable();
      for (const record of [...scanPack(pack)].slice(0, 1)) index.add(record.hash, record);
      writeFileSync(join(folder, TASK_FILES.index), index.encode(statSync(pack).size + more));
      await store.items.commit(SPACE, COLUMNS, [folder], duck);
      assert.deepEqual(await knownInputs(store, duck), known);
    }
  }));

test("of an unfinished task only whole lines count, and only with their blobs", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const folder = taskFolder(store, {
      inputs: ["a", "b"],
      lines: [line("without a blob"), '{"input":"torn","ok":tr'],
      finished: false,
    });
    const pack = join(folder, TASK_FILES.pack);
    appendFileSync(pack, "PSB1 torn");
    const counts = await store.items.commit(SPACE, COLUMNS, [folder], duck);
    assert.deepEqual(counts, { ok: 2, failed: 0 });
    assert.deepEqual(await knownInputs(store, duck), ["a", "b"]);
  }));

test("a log that ends in zeroes, as after a power cut, gives the lines before", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const folder = taskFolder(store, { inputs: ["a"], lines: ["\0".repeat(5000)], finished: false });
    assert.equal((await store.items.commit(SPACE, COLUMNS, [folder], duck)).ok, 1);
  }));

test("a task without any outcome leaves nothing", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const folders = [
      taskFolder(store, { name: `items-${SPACE}.dead.1-0` }),
      taskFolder(store, { name: `items-${SPACE}.dead.1-1`, lines: [passing] }),
    ];
    rmSync(join(folders[0]!, TASK_FILES.items));
    assert.deepEqual(await store.items.commit(SPACE, COLUMNS, folders, duck), {
      ok: 0,
      failed: 0,
    });
    assert.deepEqual(store.items.segments(SPACE), []);
    assert.ok(!existsSync(packsFolder(store.root)) || readdirSync(packsFolder(store.root)).length === 0);
  }));

test("harvest takes over what dead runs left, and leaves live ones alone", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const lease = await store.leases.shared("live");
    taskFolder(store, { name: `items-${SPACE}.dead.1-0`, inputs: ["a"], finished: false });
    taskFolder(store, { name: `items-${SPACE}.live.1-0`, inputs: ["b"], finished: false });
    taskFolder(store, { name: `items-${sha256("other")}.dead.1-0`, inputs: ["c"], finished: false });
    await store.items.harvest(SPACE, COLUMNS, duck);
    assert.deepEqual(await knownInputs(store, duck), ["a"]);
    lease.release();
    await store.items.harvest(SPACE, COLUMNS, duck);
    assert.deepEqual(await knownInputs(store, duck), ["a", "b"]);
    assert.equal(readdirSync(store.tasksDir()).length, 1);
  }));

test("the later outcome counts, and a success before any failure", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const first = taskFolder(store, { lines: [{ ...permanent, input: "a" }], inputs: ["a"] });
    await store.items.commit(SPACE, COLUMNS, [first], duck);
    assert.deepEqual(await knownInputs(store, duck), ["a"]);
  }));

test("a segment whose pack is gone or shortened does not count", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a", "b"] })], duck);
    const [segment] = store.items.segments(SPACE);
    const pack = join(packsFolder(store.root), `${segment!.pack}.pack`);
    truncateSync(pack, 60);
    assert.deepEqual(store.items.segments(SPACE), []);
    rmSync(pack);
    assert.deepEqual(store.items.segments(SPACE), []);
  }));

test("a blob that is set aside is lost to its rows until it is made again", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a"], loose: ["b"] })], duck);
    for (const input of ["a", "b"]) store.blobs.setAside(sha256(blobOf(input)));
    assert.deepEqual(await knownInputs(store, duck), []);
    for (const input of ["a", "b"]) assert.ok(!store.blobs.has(sha256(blobOf(input))));
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a"], loose: ["b"] })], duck);
    assert.deepEqual(await knownInputs(store, duck), ["a", "b"]);
    assert.deepEqual(await store.blobs.read(sha256(blobOf("a"))), blobOf("a"));
  }));

test("many segments are merged; the merged ones go when the store closes", () =>
  withDuck(async (duck) => {
    const store = openStore();
    const inputs = Array.from({ length: 20 }, (_, i) => `input ${String(i).padStart(2, "0")}`);
    for (const input of inputs) {
      await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: [input, "same"] })], duck);
    }
    assert.ok(store.items.segments(SPACE).length <= 16);
    assert.deepEqual(await knownInputs(store, duck), [...inputs, "same"]);
    await store.close();
    assert.equal(store.items.folder(SPACE).names().length, store.items.segments(SPACE).length);
    assert.deepEqual(await knownInputs(store, duck), [...inputs, "same"]);
    for (const input of inputs)
      assert.deepEqual(await store.blobs.read(sha256(blobOf(input))), blobOf(input));
    await store.close();
  }));

test("a damaged manifest or a stray file in a space is passed over", () =>
  withDuck(async (duck) => {
    const store = openStore();
    await store.items.commit(SPACE, COLUMNS, [taskFolder(store, { inputs: ["a"] })], duck);
    const folder = store.items.folder(SPACE);
    writeFileSync(join(folder.folder, ".draft.parquet"), "half");
    const [name] = folder.names();
    writeFileSync(folder.manifestPath(name!), "{");
    assert.deepEqual(store.items.segments(SPACE), []);
  }));
