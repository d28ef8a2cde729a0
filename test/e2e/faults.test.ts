import assert from "node:assert/strict";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fates, hashes, PHOTOS, PhotoRig, stageOf } from "./rig.js";

/** crawl → resize → label over synthetic scenes, so many that a kill finds them at work. */
const SCENES = `version: 1
name: scenes
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 1200, seed: 3 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
`;

const packsOf = (rig: PhotoRig) => {
  const folder = join(rig.folder, "artifacts/store/packs");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".pack"))
    .map((name) => join(folder, name));
};

test("SIGKILL in the middle of an item stage: the next run goes on, to the same bytes", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", SCENES);
  const undisturbed = new PhotoRig();
  undisturbed.write("p.yaml", SCENES);
  const expected = hashes(await undisturbed.run());

  const started = rig.start(["run", "p.yaml"]);
  await itemsLogged(rig, 40);
  started.child.kill("SIGKILL");
  await started.finished;
  // The hosts notice that their runner is gone, finish what they have in hand and end.
  await tasksQuiet(rig);

  const record = await rig.run();
  const crawl = stageOf(record, "crawl");
  assert.ok((crawl.items?.reused ?? 0) >= 40, `only ${crawl.items?.reused} items were kept`);
  assert.ok((crawl.items?.processed ?? 0) < 1200);
  assert.deepEqual(hashes(record), expected);
  const runs = JSON.parse((await rig.pipe("runs", "--json")).stdout) as { status: string }[];
  assert.deepEqual(runs.map(({ status }) => status).sort(), ["crashed", "succeeded"]);
});

test("SIGINT stops cleanly with exit code 130, finished items are kept", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", SCENES);
  const started = rig.start(["run", "p.yaml", "--json"]);
  await itemsLogged(rig, 40);
  started.child.kill("SIGINT");
  const stopped = await started.finished;
  assert.equal(stopped.code, 130);
  const record = JSON.parse(stopped.stdout);
  assert.equal(record.status, "interrupted");
  assert.deepEqual(
    record.stages.map((stage: { name: string; status: string }) => `${stage.name} ${stage.status}`),
    ["crawl interrupted", "resize skipped"],
  );
  const again = stageOf(await rig.run(), "crawl");
  assert.ok((again.items?.reused ?? 0) >= 40);
  assert.ok((again.items?.processed ?? 0) > 0);
});

test("a flipped byte in a pack is found when read, set aside, and that item alone is made again", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(6);
  const expected = hashes(await rig.run());
  const crawled = packsOf(rig);
  for (const pack of crawled) {
    const fd = openSync(pack, "r+");
    // Behind the first record's header (40 bytes) and the signature of its PNG.
    const byte = (readFileSync(pack)[70] as number) ^ 255;
    writeSync(fd, Buffer.from([byte]), 0, 1, 70);
    closeSync(fd);
  }
  const record = await rig.run(["-S", "params.size=16"]);
  assert.equal(stageOf(record, "resize").items?.failed, 0);
  // Pictures that were resized before the damage was met are kept.
  assert.match(fates(record), /^crawl ran 1\/6, resize ran [1-6]\/6, label ran 6\/6$/);
  assert.equal(hashes(record)["crawl.images"], expected["crawl.images"]);
});

test("a lost output file is made again only if something needs it", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(4);
  const first = await rig.run();
  const tree = JSON.parse(
    readFileSync(join(rig.folder, "artifacts/trees", `${hashes(first)["resize.images"]}.json`), "utf8"),
  );
  const blob = tree.entries["images.parquet"].blob as string;
  const file = join(rig.folder, "artifacts/store", blob.slice(0, 2), blob.slice(2));
  rmSync(file);
  assert.equal(fates(await rig.run()), "crawl cached, resize cached, label cached");
  assert.equal(existsSync(file), false);
  const forced = await rig.run(["--force", "label"]);
  assert.equal(fates(forced), "crawl cached, resize ran 0/4, label ran 0/4");
  assert.equal(existsSync(file), true);
  assert.deepEqual(hashes(forced), hashes(first));
});

test("a wrecked cache folder and broken results cost work, never correctness", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(4);
  const first = await rig.run();
  rmSync(join(rig.folder, "artifacts/cache"), { recursive: true });
  assert.equal(fates(await rig.run()), "crawl cached, resize cached, label cached");
  const result = join(rig.folder, "artifacts/results", `${stageOf(first, "label").fingerprint}.json`);
  rmSync(result);
  (await import("node:fs")).writeFileSync(result, '{"fingerprint": "12');
  const record = await rig.run();
  assert.equal(fates(record), "crawl cached, resize cached, label ran 4/4");
  assert.deepEqual(hashes(record), hashes(first));
});

/** Waits until the hosts of a run have logged that many items. */
async function itemsLogged(rig: PhotoRig, count: number): Promise<void> {
  for (let waited = 0; waited < 60_000; waited += 20) {
    if (logLines(rig) >= count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assert.fail("no items were logged within a minute");
}

async function tasksQuiet(rig: PhotoRig): Promise<void> {
  for (let lines = -1; lines !== logLines(rig); ) {
    lines = logLines(rig);
    await new Promise((resolve) => setTimeout(resolve, 2500));
  }
}

function logLines(rig: PhotoRig): number {
  const tasks = join(rig.folder, "artifacts/scratch/tasks");
  if (!existsSync(tasks)) return 0;
  return readdirSync(tasks)
    .filter((name) => name.startsWith("items-"))
    .map((name) => join(tasks, name, "items.jsonl"))
    .filter((path) => existsSync(path))
    .reduce((sum, path) => sum + readFileSync(path, "utf8").split("\n").length - 1, 0);
}
