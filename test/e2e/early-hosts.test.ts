import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import type { StoredEvent } from "../../src/runner/events.js";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { registry } from "../../src/stages/registry.js";
import { VisionServer } from "../rigs/vision-server.js";
import { fates, hashes, PHOTOS, PhotoRig, stageOf } from "./rig.js";

/** Milliseconds by which a stage's host (its log is made when it starts) was there before the stage began. */
function lead(rig: PhotoRig, record: RunRecord, stage: string): number {
  const folder = join(rig.folder, "artifacts/runs", record.runId);
  const events = readFileSync(join(folder, "events.jsonl"), "utf8").trim().split("\n");
  const begun = events
    .map((line) => JSON.parse(line) as StoredEvent)
    .find((event) => event.type === "stage-started" && event.stage === stage);
  assert.ok(begun, `${stage} did not begin`);
  return Date.parse(begun.at) - statSync(join(folder, "logs", `${stage}.log`)).birthtimeMs;
}

test("what a kind says its hosts will load is there", () => {
  const loads = (kind: string, part: string, types: readonly string[]) =>
    types.flatMap((type) => registry.kinds.get(kind)?.loads?.({ [part]: { type } }) ?? []);
  const urls = [
    ...loads("crawl", "source", ["synthetic", "local", "urls", "pixabay", "openverse"]),
    ...loads("label", "teacher", ["builtin", "google-vision", "http", "student"]),
  ];
  assert.equal(urls.length, 9);
  for (const url of urls) assert.ok(existsSync(fileURLToPath(url)), url);
});

test("the host of a stage starts while it is found out why it runs, and while the stage before writes its tables", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(3);
  const record = await rig.run();
  assert.equal(fates(record), "crawl ran 3/3, resize ran 3/3, label ran 3/3");
  assert.ok(lead(rig, record, "resize") > 0, "resize's host came late");
  assert.ok(lead(rig, record, "label") > 0, "label's host came late");
  await rig.pictures(4);
  const again = await rig.run();
  assert.equal(fates(again), "crawl ran 1/4, resize ran 1/4, label ran 1/4");
  for (const stage of ["crawl", "resize", "label"])
    assert.ok(lead(rig, again, stage) > 0, `${stage}'s host came late when one picture had come`);
});

test("a host that waits for a stage which turns out to be up to date is sent home", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(3);
  const first = await rig.run();
  // Nothing is known of the pictures any more: crawl works, and gives what it gave before.
  rmSync(join(rig.folder, "artifacts/cache/items"), { recursive: true });
  const record = await rig.run(["--force", "crawl"]);
  assert.equal(fates(record), "crawl ran 3/3, resize cached, label cached");
  assert.ok(
    existsSync(join(rig.folder, "artifacts/runs", record.runId, "logs/resize.log")),
    "no host waited",
  );
  assert.deepEqual(hashes(record), hashes(first));
  assert.deepEqual(readdirSync(join(rig.folder, "artifacts/scratch/tasks")), []);
});

test("a stage with secrets is not started ahead", async () => {
  const rig = new PhotoRig();
  const server = await VisionServer.start();
  try {
    const teacher = `{ type: http, url: "${server.endpoint}/v1/images:annotate", key_env: TEACHER_KEY }`;
    rig.write("p.yaml", PHOTOS.replace("{ type: builtin }", teacher));
    await rig.pictures(3);
    const done = await rig.start(["run", "p.yaml", "--json"], { TEACHER_KEY: "open-sesame" }).finished;
    assert.equal(done.code, 0, done.stderr);
    const record = JSON.parse(done.stdout) as RunRecord;
    assert.ok(lead(rig, record, "resize") > 0);
    assert.ok(lead(rig, record, "label") < 0, "label's host was there before it had to be");
  } finally {
    await server.close();
  }
});

test("two stages of one configuration work at the same time, each on its own pictures", async () => {
  const rig = new PhotoRig();
  const stage = (name: string, folder: string) =>
    `  ${name}: { uses: crawl, with: { source: { type: local, path: ${folder} } } }\n  small-${name}: { uses: resize, resources: { cpus: 1 }, inputs: { images: ${name} }, with: { size: 16 } }\n`;
  rig.write(
    "p.yaml",
    `version: 1\nname: twins\nstages:\n${stage("one", "pictures/one")}${stage("two", "pictures/two")}`,
  );
  for (let i = 0; i < 60; i++) await rig.picture(`${i % 2 ? "one" : "two"}/p${i}.png`, i);
  const record = await rig.run();
  assert.equal(fates(record), "one ran 30/30, small-one ran 30/30, two ran 30/30, small-two ran 30/30");
  assert.equal(stageOf(record, "small-one").outputs.images?.rows, 30);
});
