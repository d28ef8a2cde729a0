import { join } from "node:path";
import type { Dataset } from "../src/student/dataset.js";
import { ShuffledEpochs } from "../src/student/epochs.js";
import { FeatureCache } from "../src/student/feature-cache.js";
import { Network } from "../src/student/network.js";
import { Snapshots } from "../src/student/snapshots.js";
import type { TrainSpec } from "../src/student/train-spec.js";
import { train } from "../src/student/trainer.js";
import { TAGS } from "../test/student/data.js";

export interface FrozenTrainingSpec {
  readonly folder: string;
  readonly name: string;
  readonly dataset: Dataset;
  readonly images: number;
  readonly batch: number;
  /** Of the head's hidden layer; 0: none. */
  readonly units: number;
  /** Whether features are kept. */
  readonly cached: boolean;
}

/**
 * A training of VGG16 with 15 frozen layers of which an epoch is asked for at a time; its snapshots carry it from one
 * to the next.
 */
export class FrozenTraining {
  readonly network: Network;
  private readonly snapshots: Snapshots;
  private readonly cache: FeatureCache | undefined;

  constructor(readonly spec: FrozenTrainingSpec) {
    const { folder, name, dataset, units, cached } = spec;
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
    const { folder, dataset } = this.spec;
    return new FeatureCache({
      folder: join(folder, "features"),
      network: this.network,
      dataset,
      signal,
      note: console.error,
      onPrepared() {},
    });
  }

  /** @returns milliseconds for an image in the epoch of that number, from 1; what the cache first computes left out */
  async epoch(number: number): Promise<number> {
    const { dataset, batch } = this.spec;
    const source = new ShuffledEpochs({
      dataset,
      seed: 1,
      putAside: () => false,
      ahead: 2 * batch,
      features: this.cache,
    });
    let time = Number.NaN;
    await train(this.network, source, this.until(number), this.snapshots, {
      signal: new AbortController().signal,
      onStep() {},
      onResume() {},
      onDamagedSnapshot() {},
      onUsage() {},
      onEpoch: ({ imagesPerSecond }) => {
        time = 1000 / imagesPerSecond;
      },
    });
    return time;
  }

  private until(epochs: number): TrainSpec {
    const { images, batch } = this.spec;
    return {
      epochs,
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
        // The schedule is constant: an epoch more changes nothing of the others.
        epochs: 1,
        stepsPerEpoch: Math.ceil(images / batch),
      },
      augmentation: { flip: false, crop: 0, colour: 0 },
      validate: false,
    };
  }
}
