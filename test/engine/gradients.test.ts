import assert from "node:assert/strict";
import { it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { onEachEngine } from "./each-engine.js";
import { assertClose, finiteDifferences, pixels } from "./numeric.js";

interface Case {
  readonly name: string;
  readonly shapes: readonly number[][];
  readonly f: (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Moves the inputs away from a kink or into the function's range. */
  readonly map?: (value: number) => number;
}

const CASES: readonly Case[] = [
  { name: "add, broadcast both ways", shapes: [[3, 1], [4]], f: (a, b) => tf.add(a!, b!) },
  {
    name: "sub, broadcast",
    shapes: [
      [2, 3],
      [1, 3],
    ],
    f: (a, b) => tf.sub(a!, b!),
  },
  { name: "mul, broadcast", shapes: [[2, 3], [3]], f: (a, b) => tf.mul(a!, b!) },
  { name: "square", shapes: [[5]], f: (a) => tf.square(a!) },
  { name: "sum over an axis", shapes: [[2, 3, 2]], f: (a) => tf.sum(tf.square(a!), 1) },
  { name: "mean over axes", shapes: [[2, 3, 2]], f: (a) => tf.mean(tf.square(a!), [0, 2]) },
  { name: "reshape", shapes: [[2, 3]], f: (a) => tf.square(tf.reshape(a!, [3, 2])) },
  { name: "relu", shapes: [[8]], f: (a) => tf.relu(a!), map: (v) => v + Math.sign(v) * 0.1 },
  { name: "sigmoid", shapes: [[8]], f: (a) => tf.sigmoid(a!) },
  {
    name: "matMul",
    shapes: [
      [3, 4],
      [4, 2],
    ],
    f: (a, b) => tf.matMul(a as tf.Tensor2D, b as tf.Tensor2D),
  },
  {
    name: "max pooling",
    shapes: [[1, 4, 4, 2]],
    f: (a) => tf.maxPool(a as tf.Tensor4D, 2, 2, "valid"),
    map: (v) => v * 4,
  },
  {
    name: "batch normalisation",
    shapes: [[2, 2, 2, 3], [3], [3], [3], [3]],
    f: (x, mean, variance, offset, scale) =>
      tf.batchNorm4d(
        x as tf.Tensor4D,
        mean as tf.Tensor1D,
        tf.add(tf.square(variance!), 0.5) as tf.Tensor1D,
        offset as tf.Tensor1D,
        scale as tf.Tensor1D,
      ),
  },
];

onEachEngine(() => {
  for (const { name, shapes, f, map = (v: number) => v } of CASES) {
    it(`the gradient of ${name} equals finite differences`, () => {
      const inputs = shapes.map((shape, i) => pixels(shape, i + 11).map(map));
      const weights = pixels(
        tf.tidy(() => f(...inputs.map((v, i) => tf.tensor(v, shapes[i]!))).shape),
        99,
      );
      // A weighted sum: a plain one would hide a gradient that is right only on average.
      const scalar = (...tensors: tf.Tensor[]) => {
        const y = f(...tensors);
        return tf.sum(tf.mul(y, tf.tensor(weights, y.shape))) as tf.Scalar;
      };
      const { numTensors } = tf.memory();
      const gradients = tf.tidy(() =>
        tf
          .grads((...tensors) => scalar(...tensors))(inputs.map((v, i) => tf.tensor(v, shapes[i]!)))
          .map((g, i) => {
            assert.deepEqual(g.shape, shapes[i]);
            return g.dataSync();
          }),
      );
      for (const [i, gradient] of gradients.entries()) {
        const at = (values: Float32Array) =>
          tf.tidy(
            () => scalar(...inputs.map((v, j) => tf.tensor(i === j ? values : v, shapes[j]!))).dataSync()[0]!,
          );
        assertClose(gradient, finiteDifferences(at, inputs[i]!), 2e-3);
      }
      assert.equal(tf.memory().numTensors, numTensors);
    });
  }
});
