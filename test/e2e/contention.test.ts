import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import type { Started } from "../rigs/cli.js";
import { eventually } from "./processes.js";
import { hashes, PhotoRig, stageOf } from "./rig.js";

/** A gate that opens when the file `open` is there, so that all runs of a test want it at the same time. */
const GATE = `import { existsSync, writeFileSync } from "node:fs";
export async function run(context) {
  writeFileSync(context.base + "/started-by-" + process.ppid, "");
  while (!existsSync(context.base + "/open") && !context.signal.aborted) await new Promise((r) => setTimeout(r, 20));
  writeFileSync(context.outDir("out") + "/out.txt", "open");
}
`;
const GATED = `version: 1
name: gated
params: { size: 16 }
stages:
  gate: { uses: ./gate.mjs }
  crawl: { uses: crawl, with: { source: { type: local, path: pictures } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: "\${params.size}" } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  after: { uses: exec, inputs: { gate: gate, labels: label }, with: { command: 'wc -c < "$INPUT_LABELS/labels.parquet" > "$OUTPUT/o"', outputs: [o] } }
`;

async function gated(): Promise<PhotoRig> {
  const rig = new PhotoRig();
  rig.write("p.yaml", GATED);
  rig.write("gate.mjs", GATE);
  await rig.pictures(6);
  return rig;
}

const startRun = (rig: PhotoRig, size: number) =>
  rig.start(["run", "p.yaml", "--json", "-S", `params.size=${size}`]);

async function recordOf(started: Started): Promise<RunRecord> {
  const done = await started.finished;
  assert.equal(done.code, 0, done.stderr);
  return JSON.parse(done.stdout) as RunRecord;
}

/** Of several runs at once, how often each result was computed, by stage and fingerprint. */
function makers(records: readonly RunRecord[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { stages } of records) {
    for (const { name, status, fingerprint } of stages) {
      const key = `${name} ${fingerprint}`;
      counts.set(key, (counts.get(key) ?? 0) + (status === "ran" ? 1 : 0));
    }
  }
  return counts;
}

for (const [count, sizes] of [
  [2, [16]],
  [8, [16]],
  [2, [16, 24]],
  [8, [16, 24, 32, 40]],
] as const) {
  test(`${count} runs at once, ${sizes.length === 1 ? "of the same" : `of ${sizes.length} different`} params: each result is computed once`, async () => {
    const rig = await gated();
    const runs = Array.from({ length: count }, (_, i) => startRun(rig, sizes[i % sizes.length] as number));
    // One has the gate, all others wait for it.
    const waiting = runs.map((run) => run.stderrHas("gate  waits").then(() => true));
    for (const promise of waiting) promise.catch(() => {});
    let heard = 0;
    for (const promise of waiting)
      promise.then(
        () => heard++,
        () => {},
      );
    await eventually("all runs but one wait at the gate", () => heard === count - 1);
    rig.write("open", "");
    const records = await Promise.all(runs.map(recordOf));
    const made = makers(records);
    // gate and crawl, and resize, label, after for each size.
    assert.equal(made.size, 2 + 3 * sizes.length);
    for (const [stage, times] of made) assert.equal(times, 1, stage);
    for (const size of sizes) {
      const same = records.filter(({ params }) => params.size === size).map(hashes);
      for (const other of same) assert.deepEqual(other, same[0]);
    }
  });
}

test("a killed owner's lock is taken over at once", async () => {
  const rig = await gated();
  const owner = startRun(rig, 16);
  await eventually("the gate is reached", () =>
    existsSync(join(rig.folder, `started-by-${owner.child.pid}`)),
  );
  const heir = startRun(rig, 16);
  await heir.stderrHas("gate  waits");
  owner.child.kill("SIGKILL");
  // Half a minute would let the heartbeat of an owner elsewhere run out: `eventually` gives up before.
  await eventually("another has the gate", () =>
    existsSync(join(rig.folder, `started-by-${heir.child.pid}`)),
  );
  rig.write("open", "");
  assert.equal(stageOf(await recordOf(heir), "gate").status, "ran");
});
