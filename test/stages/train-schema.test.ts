import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { JsonObject } from "../../src/core/json.js";
import { kindValidator, loadValidators } from "../../src/runner/config/validators.js";
import { paramViews } from "../../src/runner/config/views.js";

const validators = await loadValidators();
const { validate, schema } = (await kindValidator(validators, "train"))!;

const filled = (params: JsonObject) => {
  const data = structuredClone(params) as JsonObject;
  assert.ok(validate(data), JSON.stringify(validate.errors));
  return data;
};

describe("train's params", () => {
  it("at their defaults are in the fingerprint as version 1 had them, and no others", () => {
    assert.deepEqual(paramViews(filled({}), schema).keyed, {
      student: "vgg-small",
      weights: "none",
      frozen_layers: 0,
      dropout: 0.35,
      loss: "bce",
      temperature: 2,
      optimizer: "adam",
      learning_rate: 0.001,
      schedule: "constant",
      epochs: 12,
      batch: 32,
      preprocess: "scale255",
      flip: false,
    });
  });

  it("are in the fingerprint where they say something else", () => {
    const params = {
      unreturned: { weight: 0.5 },
      class_weights: { cat: 2 },
      label_smoothing: 0.1,
      warmup: 1,
      clip_norm: 1,
      samples_per_epoch: 5000,
      validation: 0.1,
      crop: 0.1,
      colour: 0.1,
    };
    const { keyed } = paramViews(filled(params), schema);
    assert.deepEqual({ ...keyed, ...params }, keyed);
  });

  it("take losses, optimisers and schedules by name, as a mapping, or as a list of terms", () => {
    const terms = [
      { type: "bce", weight: 0.5 },
      { type: "kl", temperature: 3, weight: 0.5, inverse: "softmax" },
      { type: "binary_kl", weight: 10 },
      { type: "focal", gamma: 1 },
    ];
    assert.deepEqual(filled({ loss: terms }).loss, terms);
    const optimizer = { type: "rmsprop", rho: 0.8, momentum: 0.5 };
    assert.deepEqual(filled({ optimizer }).optimizer, optimizer);
    assert.deepEqual(filled({ schedule: { type: "step", every: 3 } }).schedule, { type: "step", every: 3 });
    assert.deepEqual(filled({ early_stopping: {} }).early_stopping, { patience: 5, min_delta: 0 });
  });

  it("refuse what no training can use", () => {
    const wrong: readonly JsonObject[] = [
      { loss: [] },
      { loss: "mse" },
      { loss: [{ type: "bce", temperature: 2 }] },
      { loss: [{ type: "kl", weight: 0 }] },
      { unreturned: { weight: -1 } },
      { class_weights: {} },
      { optimizer: { type: "sgd", momentum: 1 } },
      { optimizer: { type: "adam", rho: 0.9 } },
      { schedule: { type: "cosine", every: 2 } },
      { validation: 1 },
      { crop: 1 },
    ];
    for (const params of wrong)
      assert.equal(validate(structuredClone(params)), false, JSON.stringify(params));
  });
});
