import assert from "node:assert/strict";
import { it } from "node:test";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../../src/engine/engine.js";
import type { EngineId } from "../../src/engine/resolve.js";
import { Adam } from "../../src/student/adam.js";
import { binaryCrossEntropy } from "../../src/student/losses.js";
import { Network, type NetworkSpec } from "../../src/student/network.js";
import { assertClose, onBackend, pixels } from "./numeric.js";

const SPEC: NetworkSpec = {
  architecture: "vgg-small",
  size: { width: 16, height: 16 },
  tags: 3,
  preprocess: "tf",
  dropout: 0.2,
  seed: 11,
};
const BATCH = 4;

const images = () =>
  tf.tensor4d(
    pixels([BATCH, 16, 16, 3], 5).map((v) => (v + 1) * 127),
    [BATCH, 16, 16, 3],
  );

/** Losses and final weights of a short training. */
function train(steps: number): { losses: number[]; weights: Float32Array } {
  const network = new Network(SPEC);
  const adam = new Adam(network.weights().filter((w) => w.trainable));
  const losses: number[] = [];
  let tensors: number | undefined;
  for (let step = 0; step < steps; step++) {
    tf.tidy(() => {
      const x = images();
      const y = tf.tensor2d(pixels([BATCH, 3], 6).map(Math.abs), [BATCH, 3]);
      const variables = network.weights().flatMap((w) => (w.trainable ? [w.value] : []));
      const loss = () => binaryCrossEntropy(network.trainingLogits(network.features(x), step), y);
      const { value, grads } = tf.variableGrads(loss, variables);
      adam.apply(grads, 0.01);
      losses.push(value.dataSync()[0] as number);
    });
    // The first step makes the optimiser's moments; from then on nothing may be left behind.
    tensors ??= tf.memory().numTensors;
    assert.equal(tf.memory().numTensors, tensors, `tensors left behind by step ${step}`);
  }
  const weights = network.weights().flatMap((w) => [...w.value.dataSync()]);
  return { losses, weights: Float32Array.from(weights) };
}

/** What every engine must do; run once for each. */
export function engineConformance(id: EngineId): void {
  it("opens once, is tfjs's back end, and describes itself", async () => {
    const engine = await openEngine(id);
    assert.equal(await openEngine(id), engine);
    assert.equal(engine.id, id);
    assert.match(engine.description, /\d+\.\d+/);
    assert.notEqual(tf.getBackend(), "cpu");
  });

  it("computes a convolution, pooling and product as tfjs's CPU back end does", async () => {
    const forward = () =>
      tf.tidy(() => {
        const filter = tf.tensor4d(pixels([3, 3, 3, 5], 2), [3, 3, 3, 5]);
        const x = tf.maxPool(tf.relu(tf.conv2d(images(), filter, 1, "same")), 2, 2, "same");
        const flat = tf.div(tf.reshape(x, [BATCH, -1]), 1000);
        const last = flat.shape[1] as number;
        return tf.sigmoid(tf.matMul(flat, tf.tensor2d(pixels([last, 3], 3), [last, 3]))).dataSync();
      });
    assertClose(forward(), await onBackend("cpu", forward), 1e-5);
  });

  it("learns: the loss falls, and no step leaves a tensor behind", () => {
    const { losses } = train(12);
    assert.ok(
      (losses.at(-1) as number) < 0.9 * (losses[0] as number),
      `losses ${losses.map((loss) => loss.toFixed(3)).join(" ")}`,
    );
  });

  it("gives the same losses and weights twice, bit by bit", () => {
    const [first, second] = [train(4), train(4)];
    assert.deepEqual(second.losses, first.losses);
    assert.deepEqual(second.weights, first.weights);
  });
}
