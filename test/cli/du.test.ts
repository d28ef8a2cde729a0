import assert from "node:assert/strict";
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CliRig } from "../rigs/cli.js";

const PIPELINE = `version: 1
name: demo
params: { word: hello }
stages:
  one: { uses: exec, with: { command: 'head -c 5000 /dev/zero > "$OUTPUT/one.txt"' } }
  two:
    uses: exec
    inputs: { text: one }
    with: { command: 'echo "$WORD" > "$OUTPUT/two.txt"', values: { WORD: "\${params.word}" } }
`;

/** A folder in which the pipeline has run twice, with another word for its second stage. */
async function ranTwice(): Promise<CliRig> {
  const rig = new CliRig();
  rig.write("pipeline.yaml", PIPELINE);
  for (const args of [[], ["-S", "params.word=goodbye"]]) {
    const { code, stderr } = await rig.pipe("run", "--quiet", ...args);
    assert.equal(code, 0, stderr);
  }
  return rig;
}

/** Every path below a folder with its times. */
function state(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => `${name} ${lstatSync(join(folder, name)).ctimeMs}`);
}

test("du tells the parts, the stages by kind, the pipelines and the runs, and writes nothing", async () => {
  const rig = await ranTwice();
  const before = state(join(rig.folder, "artifacts"));
  const { code, stdout, stderr } = await rig.pipe("du");
  assert.equal(code, 0, stderr);
  assert.match(
    stdout,
    /^\/.*\/artifacts: [\d.]+ kB in \d+ files, [\d.]+ kB on disk\n\npart +bytes +on disk +files\n {2}blobs in files +5\.0 kB/,
  );
  // 5,000 bytes in one.txt, "hello" and "goodbye" with a new line each in two.txt.
  assert.match(
    stdout,
    /\nkind and stage +alone +shared\n {2}exec +5\.0 kB +0 B\n {4}demo\/one +5\.0 kB +0 B\n {4}demo\/two +14 B +0 B\n\n/,
  );
  assert.match(stdout, /\npipeline +alone +shared\n {2}demo +5\.0 kB +0 B\n\n/);
  assert.match(
    stdout,
    /\nrun +alone +shared +folder +pipeline\n {2}\S+ +8 B +5\.0 kB +[\d.]+ kB +demo\n {2}\S+ +6 B +5\.0 kB +[\d.]+ kB +demo\n {2}shared, once +5\.0 kB\n$/,
  );
  const json = JSON.parse((await rig.pipe("du", "--json")).stdout);
  assert.deepEqual(json.blobs, { bytes: 5014, cacheOnly: 0, unreferenced: 0 });
  assert.equal(json.runs.shared, 5000);
  assert.deepEqual(state(join(rig.folder, "artifacts")), before);
});

test("what only a forgotten run needed is what gc then removes", async () => {
  const rig = await ranTwice();
  assert.equal((await rig.pipe("gc", "--keep-last", "1")).code, 0);
  const json = JSON.parse((await rig.pipe("du", "--json")).stdout);
  assert.equal(json.blobs.bytes, 5008);
  assert.equal(json.runs.entries.length, 1);
});

test("du without a store is wrong usage", async () => {
  const { code, stderr } = await new CliRig().pipe("du");
  assert.equal(code, 2);
  assert.match(stderr, /^error: there is no store artifacts\n/);
});
