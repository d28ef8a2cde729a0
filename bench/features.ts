import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../src/engine/engine.js";
import { resolveEngine } from "../src/engine/resolve.js";
import { Dataset } from "../src/student/dataset.js";
import { artifactOf, writeData } from "../test/student/data.js";
import { FrozenTraining } from "./frozen-training.js";
import { median } from "./measure.js";

/**
 * VGG16 at 224 pixels with 15 frozen layers: an epoch that computes their features beside one that reads them, in turn, and how far
 * apart the predictions of both trainings end. Arguments: images, batch, epochs, units of the head's hidden layer
 * (0: none; the seed's: 5000).
 */
const [images = 32, batch = 16, epochs = 3, units = 512] = process.argv.slice(2).map(Number);

interface Contestant {
  readonly name: string;
  readonly training: FrozenTraining;
  readonly times: number[];
}

const folder = mkdtempSync(join(tmpdir(), "pipestill-features-"));
const dataset = new Dataset(artifactOf(await writeData(folder, { train: images, side: 224 })));
const engine = await openEngine(resolveEngine("auto"));
console.log(`${engine.description}; ${images} images, batch ${batch}, head of ${units} units`);

const [computing, reading] = [false, true].map((cached) => {
  const name = cached ? "read" : "computed";
  const training = new FrozenTraining({ folder, name, dataset, images, batch, units, cached });
  return { name, training, times: [] as number[] };
}) as [Contestant, Contestant];
for (let number = 1; number <= epochs; number++) {
  for (const { training, times } of [computing, reading]) times.push(await training.epoch(number));
}
const times = [computing, reading].map(({ name, times: all }) => {
  // The first epoch warms up.
  const sorted = all.slice(1).sort((a, b) => a - b);
  console.log(
    `  ${name.padEnd(9)} ${median(sorted).toFixed(1)} ms an image (${sorted.map((ms) => ms.toFixed(1)).join(", ")})`,
  );
  return median(sorted);
});
console.log(`  an epoch that reads costs ${(times[0]! / times[1]!).toFixed(1)} times less`);
let largest = 0;
for await (const { pixels } of dataset.samples("holdout")) {
  const [a, b] = [computing, reading].map(({ training: { network } }) =>
    tf.tidy(() => network.scores(tf.tensor4d(Float32Array.from(pixels), [1, 224, 224, 3])).dataSync()),
  );
  for (const [i, score] of a!.entries()) largest = Math.max(largest, Math.abs(score - b![i]!));
}
console.log(`  largest difference of a prediction: ${largest}`);
rmSync(folder, { recursive: true });
