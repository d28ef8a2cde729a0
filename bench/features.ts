import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../src/engine/engine.js";
import { resolveEngine } from "../src/engine/resolve.js";
import { Dataset } from "../src/student/dataset.js";
import { ShuffledEpochs } from "../src/student/epochs.js";
import { FeatureCache } from "../src/student/feature-cache.js";
import { Network } from "../src/student/network.js";
import { Snapshots } from "../src/student/snapshots.js";
import type { TrainSpec } from "../src/student/train-spec.js";
import { train } from "../src/student/trainer.js";
import { artifactOf, TAGS, writeData } from "../test/student/data.js";
import { median } from "./measure.js";

/**
 * VGG16 at 224 pixels with 15 frozen layers: an epoch that computes their features beside one that reads them, in turn, and how far
 * apart the predictions of both trainings end. Arguments: images, batch, epochs, units of the head's hidden layer
 * (0: none; the seed's: 5000).
 */
const [images = 32, batch = 16, epochs = 3, units = 512] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), "pipestill-features-"));
const dataset = new Dataset(artifactOf(await writeData(folder, { train: images, side: 224 })));
const engine = await openEngine(resolveEngine("auto"));
console.log(`${engine.description}; ${images} images, batch ${batch}, head of ${units} units`);

const spec = (until: number): TrainSpec => ({
  epochs: until,
  batch,
  seed: 1,
  samples: images,
  loss: { terms: [{ type: "bce", weight: 1 }], smoothing: 0 },
  weighting: { unreturned: 1 },
  optimizer: { type: "adam" },
  rate: {
    base: 1e-4,
    schedule: { type: "constant" },
    warmup: 0,
    epochs,
    stepsPerEpoch: Math.ceil(images / batch),
  },
  augmentation: { flip: false, crop: 0, colour: 0 },
  validate: false,
});

/** A training of which an epoch is asked for at a time; its snapshots carry it from one to the next. */
class Contestant {
  readonly times: number[] = [];
  private readonly snapshots: Snapshots;
  readonly network: Network;
  private readonly cache: FeatureCache | undefined;

  constructor(
    readonly name: string,
    cached: boolean,
  ) {
    this.snapshots = new Snapshots(join(folder, name), 3_600_000);
    this.network = new Network({
      architecture: "vgg16",
      head: { units: units > 0 ? [units] : [] },
      size: dataset.size,
      tags: TAGS.length,
      preprocess: "caffe",
      dropout: 0.35,
      seed: 1,
    });
    this.network.freeze(15);
    this.cache = cached ? this.open() : undefined;
  }

  private open(): FeatureCache {
    const { signal } = new AbortController();
    const { network } = this;
    return new FeatureCache({
      folder: join(folder, "features"),
      network,
      dataset,
      signal,
      note: console.log,
      onPrepared() {},
    });
  }

  /** Milliseconds for an image in the epoch of that number. */
  async epoch(number: number): Promise<void> {
    const source = new ShuffledEpochs({
      dataset,
      seed: 1,
      putAside: () => false,
      ahead: 2 * batch,
      features: this.cache,
    });
    await train(this.network, source, spec(number), this.snapshots, {
      signal: new AbortController().signal,
      onStep() {},
      onResume() {},
      onDamagedSnapshot() {},
      onUsage() {},
      onEpoch: ({ imagesPerSecond }) => void this.times.push(1000 / imagesPerSecond),
    });
  }
}

const computing = new Contestant("computed", false);
const reading = new Contestant("read", true);
for (let number = 1; number <= epochs; number++) {
  for (const contestant of [computing, reading]) await contestant.epoch(number);
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
  const [a, b] = [computing, reading].map(({ network }) =>
    tf.tidy(() => network.scores(tf.tensor4d(Float32Array.from(pixels), [1, 224, 224, 3])).dataSync()),
  );
  for (const [i, score] of a!.entries()) largest = Math.max(largest, Math.abs(score - b![i]!));
}
console.log(`  largest difference of a prediction: ${largest}`);
rmSync(folder, { recursive: true });
