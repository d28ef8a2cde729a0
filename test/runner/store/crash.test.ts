import assert from "node:assert/strict";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { gc } from "../../../src/runner/store/gc.js";
import { Store } from "../../../src/runner/store/store.js";
import { verify } from "../../../src/runner/store/verify.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { untilPowerCut } from "../../rigs/power.js";
import { COLUMNS, knownInputs, resultOf, SPACE, taskFolder, withDuck } from "./rig.js";

async function problems(store: Store): Promise<string[]> {
  const found: string[] = [];
  for await (const { what, message } of verify(store, { fix: false })) found.push(`${what}: ${message}`);
  return found;
}

/** The next process over the same store; the dead one's locks are another test's matter. */
function reopen(root: string): Store {
  for (const folder of ["locks", "leases"]) rmSync(join(root, folder), { recursive: true, force: true });
  return Store.open(root);
}

/** All that a run writes for one stage, in its order. */
async function writeStage(store: Store, work: string): Promise<void> {
  const log = store.runs.create("20260101T000000-aaaaaa");
  const file = join(work, "report.html");
  writeFileSync(file, "report");
  const report = await store.blobs.ingestFile(file);
  const data = store.blobs.putBytes(Buffer.from("data"));
  const tree = store.trees.put({
    "report.html": { blob: report.hash, bytes: report.bytes },
    "data/a": { blob: data.hash, bytes: data.bytes },
  });
  store.memo.put("pack", sha256("key"), data.hash);
  const result = resultOf(store, { out: { hash: tree.hash, bytes: tree.bytes } });
  store.latest.publish("p", "stage", new Map([["out", tree]]), result.fingerprint);
  log.append({ type: "run-interrupting", message: "", at: "2026-01-01T00:00:00.000Z" });
}

for (const torn of [false, true]) {
  test(`cut at each write of a stage's result${torn ? ", in the middle of it" : ""}: nothing half-written counts`, async () => {
    const undisturbed = Store.open(join(temporaryFolder(), "artifacts"));
    await writeStage(undisturbed, temporaryFolder());
    const [expected] = [...undisturbed.results.list()];
    let limit = 1;
    for (; ; limit++) {
      const root = join(temporaryFolder(), "artifacts");
      const work = temporaryFolder();
      const store = Store.open(root);
      const { finished } = await untilPowerCut(limit, torn, () => writeStage(store, work));
      const next = reopen(root);
      for (const result of next.results.list()) {
        const tree = next.trees.get(result.outputs.out!.hash);
        assert.ok(tree, `after write ${limit}`);
        assert.deepEqual(next.trees.missing(tree), [], `after write ${limit}`);
      }
      await writeStage(next, work);
      assert.deepEqual([...next.results.list()], [expected], `after write ${limit}`);
      assert.equal(readFileSync(join(root, "latest/p/stage/report.html"), "utf8"), "report");
      if (limit % 8 !== 0 && !finished) continue;
      await gc(next, { dryRun: false });
      assert.deepEqual(readdirSync(join(root, "store/tmp")), []);
      assert.equal(readdirSync(join(root, "latest/p/.versions")).length, 1);
      assert.deepEqual(await problems(next), [], `after write ${limit} and gc`);
      if (finished) break;
    }
    assert.ok(limit > 40, `${limit} writes`);
  });
}

/** Copies a prepared store, lets `work` be cut at every `stride`-th of its writes, and looks at what the next process finds. */
async function cutEverywhere(
  prepared: Store,
  stride: number,
  work: (store: Store) => Promise<void>,
  check: (store: Store, when: string) => Promise<void>,
): Promise<number> {
  for (let limit = 1; ; limit += stride) {
    const root = join(temporaryFolder(), "artifacts");
    cpSync(prepared.root, root, { recursive: true, verbatimSymlinks: true });
    const store = reopen(root);
    const { finished } = await untilPowerCut(limit, limit % 2 === 0, () => work(store));
    store.blobs.close();
    const next = reopen(root);
    const when = `after write ${limit}`;
    await check(next, when);
    await next.close();
    rmSync(dirname(root), { recursive: true });
    if (finished) return limit;
  }
}

for (const finished of [true, false]) {
  test(`cut at each write of taking over a ${finished ? "finished" : "killed"} host's items: no finished item is lost`, () =>
    withDuck(async (duck) => {
      const prepared = Store.open(join(temporaryFolder(), "artifacts"));
      taskFolder(prepared, { inputs: ["a", "b"], loose: ["c"], finished });
      const writes = await cutEverywhere(
        prepared,
        finished ? 1 : 2,
        (store) =>
          store.items.commit(SPACE, COLUMNS, [store.taskDir(`items-${SPACE}.dead.1-0`)], duck).then(() => {}),
        async (next, when) => {
          await next.items.harvest(SPACE, COLUMNS, duck);
          assert.deepEqual(await knownInputs(next, duck), ["a", "b", "c"], when);
          assert.ok(!existsSync(next.taskDir(`items-${SPACE}.dead.1-0`)), when);
          for (const input of ["a", "b", "c"]) await next.blobs.read(sha256(`pixels of ${input}`));
        },
      );
      assert.ok(writes > 20, `${writes} writes`);
    }));
}

test("cut here and there in a merge and in gc: what is known stays known", () =>
  withDuck(async (duck) => {
    const prepared = Store.open(join(temporaryFolder(), "artifacts"));
    const inputs = Array.from({ length: 16 }, (_, i) => `input ${String(i).padStart(2, "0")}`);
    for (const input of inputs) {
      await prepared.items.commit(SPACE, COLUMNS, [taskFolder(prepared, { inputs: [input] })], duck);
    }
    taskFolder(prepared, { inputs: ["last"] });
    const all = [...inputs, "last"];
    const writes = await cutEverywhere(
      prepared,
      11,
      async (store) => {
        await store.items.commit(SPACE, COLUMNS, [store.taskDir(`items-${SPACE}.dead.1-0`)], duck);
        await store.close();
        await gc(store, { dryRun: false });
      },
      async (next, when) => {
        await next.items.harvest(SPACE, COLUMNS, duck);
        assert.deepEqual(await knownInputs(next, duck), all, when);
        await gc(next, { dryRun: false });
        assert.deepEqual(await knownInputs(next, duck), all, when);
        for (const input of all) await next.blobs.read(sha256(`pixels of ${input}`));
        assert.deepEqual(await problems(next), [], when);
      },
    );
    assert.ok(writes > 60, `${writes} writes`);
  }));

test("cut at each write of the stat cache: it gives right hashes, remembered or not", async () => {
  const files = temporaryFolder();
  const paths = Array.from({ length: 6 }, (_, i) => join(files, `file ${i}`));
  for (const path of paths) {
    writeFileSync(path, path);
    utimesSync(path, 1e9, 1e9);
  }
  const hashAll = async (store: Store, some: readonly string[]) => {
    for (const path of some) assert.equal(await store.stat.hashFile(path), sha256(path));
    await store.close();
  };
  const prepared = Store.open(join(temporaryFolder(), "artifacts"));
  await hashAll(prepared, paths.slice(0, 2));
  await hashAll(Store.open(prepared.root), paths.slice(2, 4));
  const writes = await cutEverywhere(
    prepared,
    1,
    (store) => hashAll(store, paths),
    async (next) => {
      await hashAll(next, paths);
      assert.deepEqual(await problems(next), []);
    },
  );
  assert.ok(writes > 5, `${writes} writes`);
});
