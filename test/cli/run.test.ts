import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { CliRig } from "../rigs/cli.js";

/** Two quick stages, the second fed by the first. */
const TWO = `version: 1
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

/** A stage that fails, one that needs it, one that does not. */
const FAILING = `version: 1
name: demo
stages:
  bad: { uses: exec, with: { command: 'echo "what went wrong" >&2; exit 7' } }
  after: { uses: exec, inputs: { text: bad }, with: { command: 'touch "$OUTPUT/x"' } }
  aside: { uses: exec, with: { command: 'sleep 0.5; touch "$OUTPUT/y"' } }
`;

const SLOW = `version: 1
name: demo
stages:
  quick: { uses: exec, with: { command: 'echo 1 > "$OUTPUT/x"' } }
  slow: { uses: exec, inputs: { x: quick }, with: { command: 'sleep 60' } }
`;

const statuses = ({ stages }: RunRecord) => stages.map(({ name, status }) => `${name} ${status}`);

function rigWith(pipeline: string): CliRig {
  const rig = new CliRig();
  rig.write("demo.yaml", pipeline);
  return rig;
}

test("run, nothing to do, a changed value, and back to the earlier one", async () => {
  const rig = rigWith(TWO);
  const first = await rig.pipe("run", "demo.yaml");
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^one {2}starts {2}\(no result of it is in the store\)$/m);
  assert.match(first.stderr, /^two {2}ran {2}\d\.\d+ s {2}\(no result of it is in the store\)$/m);
  assert.match(first.stdout, /^one {4}ran {5}\d\.\d+ s +no result of it is in the store$/m);
  assert.match(first.stdout, /^two: artifacts\/latest\/demo\/two$/m);
  assert.match(first.stdout, /^demo done in .*, run \d{8}T\d{6}-[0-9a-f]{6}\n$/m);
  assert.equal(readFileSync(join(rig.folder, "artifacts/latest/demo/two/two.txt"), "utf8"), "HELLO\n");

  const again = await rig.pipe("run", "demo.yaml");
  assert.match(again.stdout, /^Nothing to do: all 2 stages are up to date \(\d\.\d\d s\)\n/);
  assert.equal(again.stderr, "");

  const changed = await rig.pipe("run", "demo.yaml", "-S", "params.word=bye", "--quiet");
  assert.equal(changed.stderr, "");
  assert.match(changed.stdout, /^one {4}ran .*values\.WORD changed from hello to bye/m);

  const back = await rig.pipe("run", "demo.yaml");
  assert.match(back.stdout, /^Nothing to do/);
});

test("run --json prints the run record and nothing else on stdout", async () => {
  const rig = rigWith(TWO);
  const { code, stdout } = await rig.pipe("run", "demo.yaml", "one", "--json");
  assert.equal(code, 0);
  const record = JSON.parse(stdout) as RunRecord;
  assert.equal(record.status, "succeeded");
  assert.deepEqual(statuses(record), ["one ran"]);
  const kept = readFileSync(join(rig.folder, "artifacts/runs", record.runId, "record.json"), "utf8");
  assert.deepEqual(JSON.parse(kept), record);
});

test("plan: a stage that cannot be planned says why, and hides nothing of the others", async () => {
  const rig = rigWith(
    `${TWO}  crawl: { uses: crawl, with: { source: { type: local, path: nowhere } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
`,
  );
  const plan = await rig.pipe("plan", "demo.yaml");
  assert.equal(plan.code, 1, plan.stderr);
  const lines = plan.stdout.split("\n");
  assert.equal(
    lines[0],
    "demo: 1 of 4 stages would run, and 2 more depend on what comes out, and 1 cannot run",
  );
  assert.match(lines[3]!, /^ {2}crawl {3}cannot run {2}.*nowhere/);
  assert.match(lines[4]!, /^ {2}resize {2}unknown {5}until crawl has run/);
  const { stages } = JSON.parse((await rig.pipe("plan", "demo.yaml", "--json")).stdout);
  assert.match(stages[2].error.message, /nowhere/);
  assert.deepEqual(
    stages.map(({ status }: { status: string }) => status),
    ["run", "unknown", "failed", "unknown"],
  );
});

test("run --plan and plan tell what would run, and run nothing", async () => {
  const rig = rigWith(TWO);
  const plan = await rig.pipe("run", "demo.yaml", "--plan");
  assert.equal(plan.code, 0, plan.stderr);
  assert.equal(existsSync(join(rig.folder, "artifacts")), false);
  assert.equal(
    plan.stdout,
    [
      "demo: 1 of 2 stages would run, and 1 more depends on what comes out",
      "  one  would run  no result of it is in the store",
      "  two  unknown    until one has run",
      "",
    ].join("\n"),
  );
  assert.equal((await rig.pipe("plan", "demo.yaml")).stdout, plan.stdout);
  await rig.pipe("run", "demo.yaml");
  assert.match((await rig.pipe("plan", "demo.yaml")).stdout, /^demo: all 2 stages are up to date\n/);
  const forced = JSON.parse((await rig.pipe("plan", "demo.yaml", "--force", "two", "--json")).stdout);
  assert.deepEqual(
    forced.stages.map(({ name, status }: { name: string; status: string }) => [name, status]),
    [
      ["one", "cached"],
      ["two", "run"],
    ],
  );
});

test("a failed stage: exit code 1, the end of its log, and a command that reruns it", async () => {
  const rig = rigWith(FAILING);
  const { code, stdout, stderr } = await rig.pipe("run", "demo.yaml", "bad");
  assert.equal(code, 1);
  assert.match(stdout, /^demo failed \(bad\) in /m);
  assert.match(stderr, /^bad failed: /m);
  assert.match(stderr, /^ {2}\| what went wrong$/m);
  const log = /^ {2}log: (.+)$/m.exec(stderr)?.[1] ?? "";
  assert.match(readFileSync(join(rig.folder, log), "utf8"), /what went wrong/);
  const [, rerun = ""] = /^ {2}run it again: npx pipe (.+)$/m.exec(stderr) ?? [];
  assert.equal(rerun, "run demo.yaml bad");
  assert.equal((await rig.pipe(...rerun.split(" "))).code, 1);
});

test("after a failure nothing starts that was waiting for cores", async () => {
  const rig = rigWith(
    FAILING.replace("aside: { uses: exec,", "aside: { uses: exec, resources: { cpus: 4096 },"),
  );
  const { stdout, stderr } = await rig.pipe("run", "demo.yaml", "--json");
  const record = JSON.parse(stdout) as RunRecord;
  assert.deepEqual(statuses(record), ["bad failed", "after skipped", "aside skipped"]);
  assert.equal(record.stages[2]?.reason, "bad failed");
  assert.doesNotMatch(stderr, /aside {2}starts/);
  const again = JSON.parse(
    (await rig.pipe("run", "demo.yaml", "--keep-going", "--json")).stdout,
  ) as RunRecord;
  assert.deepEqual(statuses(again), ["bad failed", "after skipped", "aside ran"]);
});

test("commands that do not need each other run at the same time", {
  skip: availableParallelism() < 2,
}, async () => {
  // Each ends only once the other has begun.
  const meet = (me: string, other: string) =>
    `{ uses: exec, timeout: 30s, with: { command: 'touch ${me}; until [ -e ${other} ]; do sleep 0.05; done' } }`;
  const rig = rigWith(`version: 1\nname: demo\nstages:\n  a: ${meet("a", "b")}\n  b: ${meet("b", "a")}\n`);
  const { code, stderr } = await rig.pipe("run", "demo.yaml");
  assert.equal(code, 0, stderr);
});

test("--keep-going goes on with what does not depend on the failure", async () => {
  const rig = rigWith(FAILING);
  const record = JSON.parse(
    (await rig.pipe("run", "demo.yaml", "--keep-going", "--json")).stdout,
  ) as RunRecord;
  assert.equal(record.status, "failed");
  assert.deepEqual(statuses(record), ["bad failed", "after skipped", "aside ran"]);
});

test("SIGINT stops cleanly, keeps what is finished, and is exit code 130", async () => {
  const rig = rigWith(SLOW);
  const run = rig.start(["run", "demo.yaml"]);
  await run.stderrHas("slow  starts");
  run.child.kill("SIGINT");
  const { code, stdout, stderr } = await run.finished;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /^Interrupted: /m);
  assert.match(stdout, /^slow {3}interrupted /m);
  const next = await rig.pipe("plan", "demo.yaml");
  assert.match(next.stdout, /^ {2}quick {2}up to date\n {2}slow {3}would run/m);
});

test("a second SIGINT stops at once what ignores the first", async () => {
  const rig = rigWith(SLOW.replace("'sleep 60'", `'trap "" INT TERM; while :; do sleep 0.1; done'`));
  const run = rig.start(["run", "demo.yaml"]);
  await run.stderrHas("slow  starts");
  await sleep(500);
  run.child.kill("SIGINT");
  await run.stderrHas("Interrupted:");
  const before = performance.now();
  run.child.kill("SIGINT");
  const { code, stderr } = await run.finished;
  assert.equal(code, 130, stderr);
  assert.match(stderr, /^Stopping at once\.$/m);
  assert.ok(performance.now() - before < 5000, "it took its time");
});

test("the seed profile: its plan shows the original recipe, and wasm is refused it", async () => {
  const rig = new CliRig();
  const flagship = fileURLToPath(new URL("../../../pipelines/vision-distill.yaml", import.meta.url));
  const plan = await rig.pipe("run", flagship, "-p", "seed", "--plan");
  const shown = plan.stdout.replace(/\s+/g, " ");
  for (const param of [
    "source.type pixabay",
    "teacher.type google-vision",
    "size 224",
    "top 5000",
    "holdout.count 50000",
    "student vgg16",
    "weights imagenet",
    "frozen_layers 6",
    "preprocess scale255",
    "loss bce",
    "dropout 0.35",
    "optimizer adam",
    "samples_per_epoch 5000",
  ]) {
    assert.ok(shown.includes(` ${param}`), `${param} is not in\n${plan.stdout}`);
  }
  assert.match(plan.stdout, /train cannot run here: vgg16 at 224 × 224 pixels is too slow on wasm/);
  // Without a profile the plan shows no params.
  assert.doesNotMatch((await rig.pipe("plan", flagship)).stdout, /loss bce/);
});
