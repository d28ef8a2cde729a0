import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../../src/engine/engine.js";
import { binaryCrossEntropy, distillation, type Loss } from "../../src/student/losses.js";
import { assertClose, finiteDifferences } from "../engine/numeric.js";

before(async () => void (await openEngine("wasm")));

const LOGITS = Float32Array.of(2, -1, 0.5, -3, 0, 30);
const TARGETS = Float32Array.of(0.9, 0.2, 0, 0.1, 0.5, 1);
const SHAPE: [number, number] = [2, 3];

const value = (loss: Loss, logits: Float32Array) =>
  tf.tidy(() => loss(tf.tensor2d(logits, SHAPE), tf.tensor2d(TARGETS, SHAPE)).dataSync()[0]!);

/** Values of the formulas in the doc comments, computed in double precision with Python's math module. */
const LOSSES: readonly [name: string, loss: Loss, expected: number][] = [
  ["bce", binaryCrossEntropy, 0.47600020247918035],
  ["kl at temperature 2", distillation(2), 1.439155298444184],
];

describe("losses", () => {
  for (const [name, loss, expected] of LOSSES) {
    it(`${name}: value`, () => assertClose([value(loss, LOGITS)], [expected], 1e-5));

    it(`${name}: gradient equals finite differences`, () => {
      const logits = LOGITS.map((z) => Math.min(z, 3));
      const gradient = tf.tidy(() => {
        const targets = tf.tensor2d(TARGETS, SHAPE);
        return tf
          .grad((z) => loss(z as tf.Tensor2D, targets))(tf.tensor2d(logits, SHAPE))
          .dataSync();
      });
      assertClose(
        gradient,
        finiteDifferences((z) => value(loss, z), logits),
        1e-3,
      );
    });
  }

  it("bce of extreme logits is finite", () => {
    assertClose(
      [value(binaryCrossEntropy, Float32Array.of(200, -200, 0, 0, 0, 0))],
      [10.462098120373296],
      1e-6,
    );
  });

  it("kl ignores a constant added to an image's logits", () => {
    const shifted = LOGITS.map((z, i) => (i < 3 ? z + 5 : z));
    assertClose([value(distillation(2), shifted)], [value(distillation(2), LOGITS)], 1e-5);
  });

  it("leaves no tensors", () => {
    const { numTensors } = tf.memory();
    value(binaryCrossEntropy, LOGITS);
    value(distillation(3), LOGITS);
    assert.equal(tf.memory().numTensors, numTensors);
  });
});
