import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, augment } from "./augment.js";
import { denseTargets, type Sample } from "./dataset.js";
import type { NetworkSpec } from "./network.js";
import { countsAlike, type TargetWeighting, targetWeights } from "./targets.js";

export interface BatchTensors {
  /** [batch, height, width, 3], 0–255. */
  readonly pixels: tf.Tensor4D;
  /** [batch, tags]. */
  readonly scores: tf.Tensor2D;
  /** [batch, tags]; absent where all count alike. */
  readonly weights: tf.Tensor2D | undefined;
}

/** Gathers samples until they are enough for a step. */
export class Batch {
  private readonly pixels: Float32Array;
  private readonly scores: Float32Array;
  private readonly weights: Float32Array | undefined;
  private count = 0;

  constructor(
    private readonly network: Pick<NetworkSpec, "size" | "tags">,
    private readonly capacity: number,
    private readonly weighting: TargetWeighting,
  ) {
    const { size, tags } = network;
    this.pixels = new Float32Array(capacity * size.width * size.height * 3);
    this.scores = new Float32Array(capacity * tags);
    this.weights = countsAlike(weighting) ? undefined : new Float32Array(capacity * tags);
  }

  get length(): number {
    return this.count;
  }

  get full(): boolean {
    return this.count === this.capacity;
  }

  /** Adds a sample, changed at random for an epoch of training, or as it is. */
  add(sample: Sample, change?: { augmentation: Augmentation; seed: number; epoch: number }): void {
    const { size, tags } = this.network;
    const length = size.width * size.height * 3;
    const place = <T extends Float32Array>(all: T, each: number) =>
      all.subarray(this.count * each, (this.count + 1) * each);
    const pixels = place(this.pixels, length);
    if (change) {
      const { augmentation, seed, epoch } = change;
      augment(sample.pixels, pixels, size, augmentation, { seed, epoch, id: sample.id });
    } else {
      pixels.set(sample.pixels);
    }
    denseTargets(sample.labels, place(this.scores, tags));
    if (this.weights) targetWeights(sample.labels, this.weighting, place(this.weights, tags));
    this.count++;
  }

  tensors(): BatchTensors {
    const { size, tags } = this.network;
    const { height, width } = size;
    const taken = (all: Float32Array, each: number) => all.slice(0, this.count * each);
    const table = (all: Float32Array) => tf.tensor2d(taken(all, tags), [this.count, tags]);
    return {
      pixels: tf.tensor4d(taken(this.pixels, height * width * 3), [this.count, height, width, 3]),
      scores: table(this.scores),
      weights: this.weights && table(this.weights),
    };
  }

  clear(): void {
    this.count = 0;
  }
}
