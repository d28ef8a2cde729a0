import assert from "node:assert/strict";
import { chmodSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { CliRig } from "../rigs/cli.js";

const PIPELINE = `version: 1
name: demo
params: { word: hello }
stages:
  one:
    uses: exec
    with: { command: 'echo "$WORD" > "$OUTPUT/one.txt"', values: { WORD: "\${params.word}" } }
  two:
    uses: exec
    inputs: { text: one }
    with: { command: 'tr a-z A-Z < "$INPUT_TEXT/one.txt" > "$OUTPUT/two.txt"' }
`;

/** A folder in which the pipeline has run once. */
async function ran(): Promise<CliRig> {
  const rig = new CliRig();
  rig.write("pipeline.yaml", PIPELINE);
  const { code, stderr } = await rig.pipe("run", "--quiet");
  assert.equal(code, 0, stderr);
  return rig;
}

async function json(rig: CliRig, ...args: string[]) {
  const { stdout, stderr } = await rig.pipe(...args, "--json");
  assert.notEqual(stdout, "", stderr);
  return JSON.parse(stdout);
}

test("status: one line for each stage and the last run", async () => {
  const rig = await ran();
  const { stdout } = await rig.pipe("status", "-S", "params.word=bye");
  assert.match(
    stdout,
    /^demo: 1 of 2 stages would run, and 1 more depends on what comes out\n {2}one {2}would run {2}values\.WORD changed from hello to bye\n {2}two {2}unknown {4}until one has run\nlast run: \d{8}T\d{6}-[0-9a-f]{6} {2}succeeded {2}\d+\.\d+ s {2}2 ran\n$/,
  );
  assert.equal((await json(rig, "status")).lastRun.status, "succeeded");
});

test("explain: every reason, was and is, and the record behind the fingerprint", async () => {
  const rig = await ran();
  const { stdout } = await rig.pipe("explain", "one", "-S", "params.word=bye");
  assert.match(stdout, /^one \(exec\): would run\n {2}- values\.WORD changed from hello to bye\n/);
  assert.match(stdout, /^ {2}with\.values\.WORD\n {4}was "hello"\n {4}is {2}"bye"$/m);
  assert.match(stdout, /^fingerprint {2}[0-9a-f]{64}$/m);
  assert.match(stdout, /"tag": "stage\/1"/);
  const upToDate = await json(rig, "explain", "two");
  assert.equal(upToDate.status, "cached");
  assert.equal(upToDate.fingerprint, upToDate.previous.fingerprint);
  assert.deepEqual(upToDate.changes, []);
  const unknown = await rig.pipe("explain", "two", "-S", "params.word=bye");
  assert.match(unknown.stdout, /^fingerprint {2}known when one has run$/m);
});

test("dag draws the stages as text and for Mermaid", async () => {
  const rig = await ran();
  assert.equal((await rig.pipe("dag")).stdout, "one  (exec)\ntwo  (exec)  ← text: one\n");
  assert.equal(
    (await rig.pipe("dag", "--format", "mermaid")).stdout,
    'flowchart LR\n  s1["one<br/>exec"]\n  s2["two<br/>exec"]\n  s1 -->|text| s2\n',
  );
});

test("runs lists the newest first and shows one by the beginning of its id", async () => {
  const rig = await ran();
  await rig.pipe("run", "-S", "params.word=bye", "--quiet");
  const runs = await json(rig, "runs");
  assert.equal(runs.length, 2);
  assert.deepEqual(runs[0].overrides, ["params.word=bye"]);
  assert.match(
    (await rig.pipe("runs", "--limit", "1")).stdout,
    /-S params\.word=bye\nand 1 older: --limit 2\n$/,
  );
  const shown = await json(rig, "runs", "show", "last");
  assert.equal(shown.runId, runs[0].runId);
  const first = await rig.pipe("runs", "show", runs[1].runId.slice(0, -2));
  assert.match(first.stdout, new RegExp(`run ${runs[1].runId}\n$`));
  assert.equal((await rig.pipe("runs", "show", "nothing")).code, 2);
});

test("lineage walks from an artifact, a path and a run", async () => {
  const rig = await ran();
  const [run] = await json(rig, "runs");
  const [one, two] = run.stages.map(({ outputs }: { outputs: object }) => Object.values(outputs)[0].hash);
  const up = await json(rig, "lineage", two.slice(0, 8));
  assert.deepEqual(
    up.from.map(({ stage }: { stage: string }) => stage),
    ["one", "two"],
  );
  const down = await rig.pipe("lineage", one);
  assert.match(down.stdout, /\nmade of it\n {2}two \(exec\)/);
  assert.match(down.stdout, new RegExp(`← {2}${one.slice(0, 8)} {2}one\\.`));
  const path = await json(rig, "lineage", "artifacts/latest/demo/two");
  assert.deepEqual(path.artifacts, [two]);
  assert.equal((await json(rig, "lineage", run.runId)).subject, "run");
  assert.equal((await rig.pipe("lineage", "nothing-such")).code, 2);
});

/** All loose blobs of the store. */
function looseBlobs(rig: CliRig): string[] {
  const store = join(rig.folder, "artifacts/store");
  return readdirSync(store, { recursive: true, encoding: "utf8" })
    .map((name) => join(store, name))
    .filter((path) => statSync(path).isFile());
}

test("verify finds a damaged byte, --fix sets it aside, and the next run makes it again", async () => {
  const rig = await ran();
  const sound = await rig.pipe("verify");
  assert.equal(sound.code, 0, sound.stdout);
  const blob = looseBlobs(rig).find((path) => statSync(path).size === 6) ?? "";
  chmodSync(blob, 0o644);
  writeFileSync(blob, "hellO\n");
  const found = await rig.pipe("verify");
  assert.equal(found.code, 1, found.stdout);
  const fixed = await json(rig, "verify", "--fix");
  assert.ok(fixed.problems.length > 0);
  const again = await rig.pipe("run", "--quiet");
  assert.equal(again.code, 0, again.stderr);
  assert.equal((await rig.pipe("verify")).code, 0);
});

test("gc --dry-run removes nothing; gc keeps what runs refer to", async () => {
  const rig = await ran();
  await rig.pipe("run", "-S", "params.word=bye", "--quiet");
  const before = looseBlobs(rig).length;
  assert.equal((await rig.pipe("gc")).code, 0);
  assert.match((await rig.pipe("run")).stdout, /^Nothing to do/);
  const dry = await json(rig, "gc", "--keep-last", "1", "--dry-run");
  assert.equal(dry.dryRun, true);
  assert.equal(looseBlobs(rig).length, before);
  assert.equal((await rig.pipe("gc", "--keep-last", "1")).code, 0);
  assert.ok(looseBlobs(rig).length < before);
  assert.match((await rig.pipe("run")).stdout, /^Nothing to do/);
});
