import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { StageError } from "../../src/contract/stage.js";
import { sha256FileSync } from "../../src/core/hash.js";
import type { Json, JsonObject } from "../../src/core/json.js";
import { kind } from "../../src/stages/train/kind.js";
import { stage } from "../../src/stages/train/run.js";
import { rigContext } from "../rigs/context.js";
import { temporaryFolder } from "../rigs/folder.js";
import { writeData } from "../student/data.js";
import { trained, WITH } from "./train-params.js";

let files: Record<string, string>;
before(async () => {
  files = await writeData(temporaryFolder(), { train: 30, table: true });
});

interface Row {
  readonly epoch: number;
  readonly loss: number;
  readonly val_loss?: number;
  readonly samples: number;
  readonly learning_rate: number;
}

type Trained = Awaited<ReturnType<typeof trained>>;

const rows = ({ file }: Trained) =>
  readFileSync(file("history.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Row);
const weights = ({ file }: Trained) => sha256FileSync(file("weights.bin"));

/** A change here changes what train makes of equal input: raise `version` in kind.ts together with it. */
const GOLDEN = {
  version: 2,
  bce: "c5bcd6f1f13ad34f1e7c6b0580c8ddbda64912ebc58f99b6123fd795f4ca47fd",
  kl: "3bc681b5fea25631abc717002a36cf2e98fb1c956fc0097a2fa6435366dd3427",
};

describe("train's options", () => {
  it("at their defaults give the weights of version 2", async () => {
    const of = async (params: JsonObject) => weights(await trained({ epochs: 3, ...params }, files));
    assert.deepEqual({ version: kind.version, bce: await of({}), kl: await of({ loss: "kl" }) }, GOLDEN);
  });

  const options: Readonly<Record<string, JsonObject>> = {
    "binary_kl loss": { loss: "binary_kl" },
    "focal loss": { loss: "focal" },
    "inverse softmax": { loss: [{ type: "kl", inverse: "softmax" }] },
    "sum of terms": {
      loss: [
        { type: "bce", weight: 0.5 },
        { type: "kl", temperature: 3, weight: 0.5 },
      ],
    },
    "unreturned ignored": { unreturned: "ignore" },
    "unreturned weighted": { unreturned: { weight: 0.2 } },
    balanced: { class_weights: "balanced" },
    "balanced by root": { class_weights: "balanced_sqrt" },
    "weights by tag": { class_weights: { red: 3 } },
    smoothing: { label_smoothing: 0.1 },
    adamw: { optimizer: "adamw" },
    sgd: { optimizer: { type: "sgd", momentum: 0.8, nesterov: true }, learning_rate: 0.05 },
    rmsprop: { optimizer: "rmsprop", learning_rate: 0.001 },
    step: { schedule: { type: "step", every: 1, factor: 0.5 } },
    "warm-up": { warmup: 1 },
    clipping: { clip_norm: 0.05 },
    crop: { crop: 0.3 },
    colour: { colour: 0.2 },
    validation: { validation: 0.2 },
    "samples per epoch": { samples_per_epoch: 16 },
  };

  it("each make weights of their own, and each still learns", async () => {
    const seen = new Map([[GOLDEN.bce, "bce"]]);
    for (const [name, params] of Object.entries(options)) {
      const run = await trained({ epochs: 3, ...params }, files);
      const hash = weights(run);
      assert.equal(seen.get(hash), undefined, `${name} equals ${seen.get(hash)}`);
      seen.set(hash, name);
      const history = rows(run);
      assert.ok(history.at(-1)!.loss < history[0]!.loss, `${name}: ${JSON.stringify(history)}`);
    }
  });

  it("say in the model what it was trained with", async () => {
    const info = async (loss: Json) => {
      const { file } = await trained({ epochs: 1, loss }, files);
      const { loss: text, onlyRanks } = JSON.parse(readFileSync(file("student.json"), "utf8"));
      return { text, onlyRanks };
    };
    assert.deepEqual(await info("bce"), { text: "bce", onlyRanks: undefined });
    assert.deepEqual(await info("kl"), { text: "kl", onlyRanks: true });
    assert.deepEqual(await info(options["sum of terms"]!.loss!), {
      text: "0.5 bce + 0.5 kl",
      onlyRanks: undefined,
    });
  });

  it("draw so many samples anew for each epoch, and no image that is put aside", async () => {
    const run = await trained({ samples_per_epoch: 12, validation: 0.3, epochs: 3 }, files);
    assert.deepEqual(
      rows(run).map((row) => row.samples),
      [12, 12, 12],
    );
    assert.ok(rows(run).every((row) => row.val_loss! > 0));
    assert.equal(run.result.metrics?.val_loss, rows(run).at(-1)!.val_loss);
    const all = await trained({ samples_per_epoch: 500, epochs: 1 }, files);
    assert.equal(rows(all)[0]!.samples, 30);
    const rest = rows(await trained({ validation: 0.3, epochs: 1 }, files))[0]!.samples;
    assert.ok(rest > 12 && rest < 28, String(rest));
  });

  it("lower the learning rate by steps after a warm-up", async () => {
    const params = { schedule: { type: "step", every: 2, factor: 0.1 }, warmup: 1, epochs: 5 };
    const rates = rows(await trained(params, files)).map((row) => row.learning_rate);
    assert.deepEqual(
      rates.map((rate) => Math.round(rate * 1e8) / 1e8),
      [0.003, 0.003, 0.0003, 0.0003, 0.00003],
    );
  });
});

describe("early stopping", () => {
  const params = { epochs: 30, early_stopping: { patience: 2, min_delta: 0 }, validation: 0.3, dropout: 0 };

  it("ends with the weights of the best epoch, also when cut off after the last", async () => {
    const run = await trained(params, files);
    const history = rows(run);
    const losses = history.map((row) => row.val_loss!);
    const best = losses.indexOf(Math.min(...losses)) + 1;
    assert.ok(history.length < 30 && best <= history.length - 2, JSON.stringify(losses));
    assert.equal(run.result.metrics?.best_epoch, best);
    assert.equal(run.result.metrics?.val_loss, losses[best - 1]);
    assert.match(
      run.context.notes.join("\n"),
      new RegExp(`stopped early after ${history.length} of 30 epochs: ${best} was the best`),
    );
    // The same training that ends at the best epoch by itself, with the same rates.
    const constant = { ...params, schedule: "constant" };
    const stopped = await trained(constant, files);
    const { early_stopping: _, ...whole } = constant;
    const epochs = Number(stopped.result.metrics?.best_epoch);
    assert.equal(weights(await trained({ ...whole, epochs }, files)), weights(stopped));
    // Its scratch holds a training that has ended: nothing is computed again.
    const again = await trained(constant, files, stopped.context.scratch);
    assert.equal(weights(again), weights(stopped));
    assert.match(again.context.notes[0]!, /resumed at epoch/);
    assert.deepEqual(again.context.figures, {});
    const { images_per_second: speed, data_wait_share: share } = stopped.context.figures;
    assert.ok(speed! > 0 && share! >= 0 && share! < 1);
  });

  it("starts anew, after saying so, where the best snapshot is damaged", async () => {
    const run = await trained(params, files);
    const folder = join(run.context.scratch, "snapshots");
    const best = readdirSync(folder).sort()[0]!;
    const bytes = readFileSync(join(folder, best));
    bytes[bytes.length - 10]! ^= 1;
    writeFileSync(join(folder, best), bytes);
    await assert.rejects(trained(params, files, run.context.scratch), (error) => {
      assert.ok(error instanceof StageError && error.options.hint);
      assert.match(error.message, /cannot take up the best epoch, epoch-\d+\.snapshot/);
      return true;
    });
    assert.equal(weights(await trained(params, files, run.context.scratch)), weights(run));
  });
});

describe("resuming", () => {
  const everything = {
    loss: [{ type: "bce" }, { type: "binary_kl", weight: 0.5 }],
    unreturned: { weight: 0.5 },
    class_weights: "balanced_sqrt",
    label_smoothing: 0.05,
    warmup: 0.5,
    clip_norm: 1,
    validation: 0.2,
    early_stopping: { patience: 10, min_delta: 0 },
    samples_per_epoch: 20,
    crop: 0.2,
    colour: 0.2,
  };
  const cases: Readonly<Record<string, JsonObject>> = {
    adamw: { optimizer: { type: "adamw", weight_decay: 0.1 } },
    sgd: { optimizer: "sgd", learning_rate: 0.02 },
    "sgd with Nesterov's momentum": { optimizer: { type: "sgd", nesterov: true }, learning_rate: 0.02 },
    "sgd without momentum": { optimizer: { type: "sgd", momentum: 0 }, learning_rate: 0.05 },
    rmsprop: { optimizer: "rmsprop", learning_rate: 0.001 },
    "rmsprop with momentum": { optimizer: { type: "rmsprop", momentum: 0.5 }, learning_rate: 0.001 },
    "every other option at once": everything,
  };
  for (const [name, params] of Object.entries(cases)) {
    it(`in the third epoch ends with the very bytes of a training that was not cut off: ${name}`, async () => {
      const straight = await trained(params, files);
      const controller = new AbortController();
      const context = rigContext({
        with: { ...WITH, ...params },
        inputs: { data: files },
        seed: 5,
        signal: controller.signal,
      });
      let steps = 0;
      const perEpoch = Math.ceil(rows(straight)[0]!.samples / WITH.batch);
      const progress = () => void (++steps === 2 * perEpoch + 1 && controller.abort(new Error("stop")));
      await assert.rejects(stage.run({ ...context, progress }), /stop/);
      const resumed = await trained(params, files, context.scratch);
      assert.match(resumed.context.notes[0]!, /resumed at epoch 3/);
      assert.equal(weights(resumed), weights(straight));
      assert.deepEqual(rows(resumed), rows(straight));
    });
  }
});

describe("train refuses", () => {
  const refusal = async (params: JsonObject) => {
    const error = await trained(params, files).then(
      () => assert.fail("trained"),
      (e: unknown) => e,
    );
    assert.ok(error instanceof StageError && error.options.hint, String(error));
    return error.message;
  };

  it("a share that puts all or nothing aside", async () => {
    assert.match(await refusal({ validation: 0.0001 }), /puts 0 of 30 training images aside/);
  });

  it("a weight for a tag that is not there", async () => {
    assert.match(await refusal({ class_weights: { red: 2, gren: 2 } }), /no tag of the data set: gren/);
  });

  it("to go on once the loss is no number", async () => {
    const params = { optimizer: { type: "sgd", momentum: 0 }, learning_rate: 1e39, epochs: 3 };
    assert.match(await refusal(params), /diverged: its training loss is (NaN|-?Infinity)/);
  });
});
