import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { StageError } from "../../src/contract/stage.js";
import { sha256FileSync } from "../../src/core/hash.js";
import type { JsonObject } from "../../src/core/json.js";
import { openEngine } from "../../src/engine/engine.js";
import { stage } from "../../src/stages/train/run.js";
import { Dataset, denseTargets } from "../../src/student/dataset.js";
import { loadStudent } from "../../src/student/model-file.js";
import { rigContext } from "../rigs/context.js";
import { temporaryFolder } from "../rigs/folder.js";
import { artifactOf, TAGS, writeData } from "../student/data.js";
import { KillRig } from "./train-kills.js";
import { trained, WITH } from "./train-params.js";

describe("train", () => {
  it("learns what the teacher says, and its model predicts it after loading", async () => {
    const files = await writeData(temporaryFolder(), { train: 120 });
    const { result, folder } = await trained({ epochs: 20 }, files);
    assert.equal(result.metrics?.epochs, 20);
    const history = readFileSync(join(folder, "history.jsonl"), "utf8").trim().split("\n");
    const losses = history.map((line) => (JSON.parse(line) as { loss: number }).loss);
    assert.equal(losses.length, 20);
    assert.ok(losses.at(-1)! < losses[0]! * 0.8, `loss ${losses[0]} → ${losses.at(-1)}`);

    const student = await loadStudent((name) => join(folder, name), await openEngine("wasm"));
    assert.deepEqual(student.tags, TAGS);
    const target = new Float32Array(TAGS.length);
    let right = 0;
    let count = 0;
    for await (const sample of new Dataset(artifactOf(files)).samples("train")) {
      const scores = await student.predict([sample.pixels]);
      denseTargets(sample.labels, target);
      const colours = [...scores].slice(1);
      if (
        colours.indexOf(Math.max(...colours)) ===
        [...target].slice(1).indexOf(target.slice(1).reduce((a, b) => Math.max(a, b)))
      )
        right++;
      count++;
    }
    student.dispose();
    assert.ok(right / count > 0.7, `${right} of ${count} colours right; chance is a third`);
  });

  it("gives the same bytes twice, and others for another seed, loss or dropout", async () => {
    const files = await writeData(temporaryFolder(), { train: 20 });
    const hash = async (params: JsonObject) =>
      sha256FileSync(join((await trained({ epochs: 1, ...params }, files)).folder, "weights.bin"));
    const first = await hash({});
    assert.equal(await hash({}), first);
    assert.notEqual(await hash({ loss: "kl" }), first);
    assert.notEqual(await hash({ dropout: 0.5 }), first);
  });

  it("leaves broken pictures out and says which", async () => {
    const files = await writeData(temporaryFolder(), { train: 12, broken: [2, 7] });
    const { result, context } = await trained({ epochs: 1 }, files);
    assert.equal(result.metrics?.broken, 2);
    assert.equal(result.metrics?.images, 10);
    assert.match(context.notes.join("\n"), /2 pictures could not be decoded: .*image 2/);
  });

  it("refuses what it cannot do, with a hint", async () => {
    const files = await writeData(temporaryFolder(), { train: 4 });
    const refusal = async (params: JsonObject, data = files) => {
      const error = await trained(params, data).then(
        () => assert.fail("trained"),
        (e: unknown) => e,
      );
      assert.ok(error instanceof StageError && error.options.hint, String(error));
      return error.message;
    };
    assert.match(await refusal({ weights: "imagenet" }), /ImageNet/);
    assert.match(await refusal({ student: "vgg16" }), /16 × 16 are too small for vgg16/);
    assert.match(await refusal({ frozen_layers: 40 }), /frozen_layers is 40/);
    assert.match(await refusal({}, await writeData(temporaryFolder(), { train: 0 })), /no training images/);
  });

  it("stops soon after an abort, and goes on from its snapshot to the same weights", async () => {
    const files = await writeData(temporaryFolder(), { train: 20 });
    const straight = (await trained({}, files)).folder;
    const controller = new AbortController();
    const context = rigContext({ with: WITH, inputs: { data: files }, seed: 5, signal: controller.signal });
    let steps = 0;
    const counted = {
      ...context,
      progress: () => void (++steps === 8 && controller.abort(new Error("stop"))),
    };
    await assert.rejects(stage.run(counted), /stop/);
    assert.equal(steps, 8);
    const again = rigContext({ with: WITH, inputs: { data: files }, seed: 5, scratch: context.scratch });
    await stage.run(again);
    assert.match(again.notes[0]!, /^resumed at epoch 3, after 16 of its 20 images: 2 of 4 were done/);
    for (const name of ["weights.bin", "history.jsonl"]) {
      assert.deepEqual(
        readFileSync(join(again.outDir("model"), name)),
        readFileSync(join(straight, name)),
        name,
      );
    }
  });

  it("goes back to the snapshot before where the newest is damaged", async () => {
    const files = await writeData(temporaryFolder(), { train: 20 });
    const straight = await trained({}, files);
    const folder = join(straight.context.scratch, "snapshots");
    const newest = join(folder, readdirSync(folder).sort().at(-1)!);
    const bytes = readFileSync(newest);
    bytes[bytes.length - 100]! ^= 1;
    writeFileSync(newest, bytes);
    const context = rigContext({
      with: WITH,
      inputs: { data: files },
      seed: 5,
      scratch: straight.context.scratch,
    });
    await stage.run(context);
    assert.match(
      context.notes.join("\n"),
      /set the snapshot epoch-000004\.snapshot aside.*\n.*resumed at epoch 4/,
    );
    const weights = (f: string) => readFileSync(join(f, "weights.bin"));
    assert.deepEqual(weights(context.outDir("model")), weights(straight.folder));
  });

  describe("killed, ends with the very bytes of a training that was not", () => {
    let rig: KillRig;
    let straight: string;
    before(async () => {
      rig = await KillRig.open("wasm");
      straight = await rig.straight();
    });
    const same = (model: string) => {
      for (const name of ["weights.bin", "history.jsonl"]) {
        assert.equal(sha256FileSync(join(model, name)), sha256FileSync(join(straight, name)), name);
      }
    };

    it("within an epoch, with a snapshot of each epoch", async () => {
      const { model, resumptions } = await rig.killed([13]);
      assert.deepEqual(resumptions, ["resumed at epoch 3: 2 of 6 were done"]);
      same(model);
    });

    it("within epochs and at the end of one, with a snapshot of each step", async () => {
      // The step in which it is killed is not saved yet: 13 leaves 12, then 9 more leave 20, then 5 leave 24.
      const { model, resumptions } = await rig.killed([13, 9, 5], { snapshot_minutes: 0 });
      assert.deepEqual(resumptions, [
        "resumed at epoch 3, after 16 of its 40 images: 2 of 6 were done",
        "resumed at epoch 5: 4 of 6 were done",
        "resumed at epoch 5, after 32 of its 40 images: 4 of 6 were done",
      ]);
      same(model);
    });
  });
});
