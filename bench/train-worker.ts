import { createInterface } from "node:readline";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../src/engine/engine.js";
import type { EngineId } from "../src/engine/resolve.js";
import { lossOf } from "../src/student/losses.js";
import { Network } from "../src/student/network.js";
import { optimizerOf } from "../src/student/optimizer.js";

/**
 * Ours, beside train-keras.py: reads `forward` and `step`, each a line, does it and prints the milliseconds it took.
 * Arguments: engine, pixels a side, batch, tags, frozen layers.
 */
const [engine = "wasm", ...numbers] = process.argv.slice(2);
const [side = 64, batch = 8, tags = 5000, frozen = 6] = numbers.map(Number);

await openEngine(engine as EngineId);
const network = new Network({
  architecture: "vgg16",
  size: { width: side, height: side },
  tags,
  preprocess: "scale255",
  dropout: 0.35,
  seed: 1,
});
network.freeze(frozen);
const trained = network.weights().filter((weight) => weight.trainable);
const optimizer = optimizerOf({ type: "adam" }, trained);
const loss = lossOf({ terms: [{ type: "bce", weight: 1 }], smoothing: 0 });
const bytes = Float32Array.from({ length: batch * side * side * 3 }, (_, i) => (i * 97) % 256);
const scores = Float32Array.from({ length: batch * tags }, (_, i) => (i % 50 === 0 ? 1 : 0));
let steps = 0;

const does: Readonly<Record<string, () => void>> = {
  forward: () => {
    tf.tidy(() => void network.scores(tf.tensor4d(bytes, [batch, side, side, 3])).dataSync());
  },
  step: () => {
    tf.tidy(() => {
      const x = tf.tensor4d(bytes.slice(), [batch, side, side, 3]);
      const y = tf.tensor2d(scores.slice(), [batch, tags]);
      const features = network.features(x);
      const { value, grads } = tf.variableGrads(
        () => loss(network.trainingLogits(features, steps++), y),
        trained.map((weight) => weight.value),
      );
      optimizer.apply(grads, 0.001);
      return value.dataSync()[0]!;
    });
  },
};

console.log("ready");
for await (const line of createInterface({ input: process.stdin })) {
  const start = performance.now();
  does[line]!();
  console.log(performance.now() - start);
}
