import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { stage } from "../../src/stages/train/run.js";
import { rigContext } from "../rigs/context.js";
import { temporaryFolder } from "../rigs/folder.js";
import { peers, runPython } from "../rigs/python.js";
import { WITH } from "../stages/train-params.js";
import { writeData } from "../student/data.js";

/** Reads folders as TensorBoard does: [step, value] of each point by tag, and how many records its loader took. */
const READ = `
import sys, json
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
def read(folder):
  events = EventAccumulator(folder)
  events.Reload()
  return {tag: [[e.step, e.value, e.wall_time] for e in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
print(json.dumps([read(folder) for folder in json.load(sys.stdin)]))
`;

type Points = Readonly<Record<string, readonly (readonly [step: number, value: number, wallTime: number])[]>>;

const { skip, ...found } = peers();

test("TensorBoard reads what a training writes; one that is resumed goes on in a file of its own", {
  skip,
}, async () => {
  assert.ok("python" in found);
  const data = await writeData(temporaryFolder(), { train: 40, table: true });
  const params = { ...WITH, validation: 0.2 };
  const controller = new AbortController();
  const first = rigContext({ with: params, inputs: { data }, seed: 5, signal: controller.signal });
  let steps = 0;
  // 4 or 5 steps an epoch: in the third.
  const progress = () => void (++steps === 12 && controller.abort(new Error("stop")));
  await assert.rejects(stage.run({ ...first, progress }), /stop/);
  const second = rigContext({ with: params, inputs: { data }, seed: 5, scratch: first.scratch });
  await stage.run(second);

  for (const { logs } of [first, second]) assert.equal(readdirSync(logs).length, 1);
  const before = Date.now() / 1000 - 600;
  const [a, b] = runPython(found.python, READ, [first.logs, second.logs]) as [Points, Points];
  const rows = readFileSync(join(second.outDir("model"), "history.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number>);
  assert.equal(rows.length, 4);
  const perEpoch = Math.ceil(rows[0]!.samples! / WITH.batch);
  for (const tag of ["loss", "val_loss", "learning_rate"]) {
    const points = [...a[tag]!, ...b[tag]!];
    assert.deepEqual(
      points.map(([step]) => step),
      [1, 2, 3, 4].map((epoch) => epoch * perEpoch),
      `steps of ${tag}`,
    );
    // TensorBoard's scalars are 32-bit floats.
    assert.deepEqual(
      points.map(([, value]) => value),
      rows.map((row) => Math.fround(row[tag]!)),
      tag,
    );
    assert.ok(points.every(([, , wallTime]) => wallTime > before && wallTime < before + 660));
  }
  const speeds = [...a.images_per_second!, ...b.images_per_second!];
  assert.ok(speeds.length === 4 && speeds.every(([, value]) => value > 0));
});
