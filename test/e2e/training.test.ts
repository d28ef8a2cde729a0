import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { CliRig } from "../rigs/cli.js";
import { stageOf } from "./rig.js";

const PIPELINE = `version: 1
name: small
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 90, seed: 7 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  index: { uses: index, inputs: { labels: label }, with: { top: 10 } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index }, with: { holdout: { count: 10 } } }
  train:
    uses: train
    inputs: { data: pack }
    with: { epochs: 3, batch: 2, flip: true, engine: wasm, snapshot_minutes: 0 }
`;

/** All files below a folder; none where it is not there, or a part of it goes while it is looked at. */
function below(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true }) as string[];
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

test("a training killed and then interrupted within its epochs ends as one that was not", async (t) => {
  const rigOf = () => {
    const rig = new CliRig();
    rig.write("p.yaml", PIPELINE);
    return rig;
  };
  const history = (rig: CliRig) =>
    readFileSync(join(rig.folder, "artifacts/latest/small/train/history.jsonl"), "utf8");
  const whole = rigOf();
  const straight = JSON.parse((await whole.pipe("run", "p.yaml", "--json")).stdout) as RunRecord;

  const rig = rigOf();
  const scratch = join(rig.folder, "artifacts/scratch");
  const snapshotOf = async (pattern: RegExp) => {
    while (!below(scratch).some((path) => pattern.test(path))) await sleep(5);
  };
  const first = rig.start(["run", "p.yaml"]);
  await snapshotOf(/epoch-000000\.step-\d+\.snapshot$/);
  first.child.kill("SIGKILL");
  await first.finished;
  const second = rig.start(["run", "p.yaml", "--json"]);
  await snapshotOf(/epoch-000001\.step-\d+\.snapshot$/);
  second.child.kill("SIGINT");
  const interrupted = await second.finished;
  const last = JSON.parse((await rig.pipe("run", "p.yaml", "--json")).stdout) as RunRecord;

  await t.test("each goes on where the one before it was", () => {
    assert.equal(interrupted.code, 130, interrupted.stderr);
    const note = ({ stages }: RunRecord) => stages.find(({ name }) => name === "train")!.notes.join("\n");
    assert.match(note(JSON.parse(interrupted.stdout)), /resumed at epoch [12]/);
    assert.match(note(last), /resumed at epoch [23], after \d+ of its 80 images/);
  });

  await t.test("with the same history and the same model", () => {
    assert.equal(history(rig), history(whole));
    assert.equal(stageOf(last, "train").outputs.model?.hash, stageOf(straight, "train").outputs.model?.hash);
  });

  await t.test(
    "the record tells what the input cost, the run's folder holds TensorBoard's file",
    async () => {
      const { usage, metrics } = stageOf(straight, "train");
      assert.ok(usage!.images_per_second! > 0);
      assert.ok(usage!.data_wait_share! >= 0 && usage!.data_wait_share! < 1);
      assert.equal(metrics.data_wait_share, undefined);
      const files = readdirSync(join(whole.folder, "artifacts/runs", straight.runId, "files/train"));
      assert.match(files.join(), /^events\.out\.tfevents\.\d+\.[^,]+$/);
      // Nothing was learned the second time.
      const again = await whole.pipe("run", "p.yaml", "--json");
      assert.equal(stageOf(JSON.parse(again.stdout) as RunRecord, "train").usage, undefined);
    },
  );
});
