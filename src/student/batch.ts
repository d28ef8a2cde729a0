import * as tf from "@tensorflow/tfjs-core";
import { type Augmentation, augment } from "./augment.js";
import { denseTargets, type FeatureSample, type Sample } from "./dataset.js";
import type { Network } from "./network.js";
import { countsAlike, type TargetWeighting, targetWeights } from "./targets.js";

export interface BatchTensors {
  /** What the part of the network that learns gets: [batch, …]. */
  readonly features: tf.Tensor;
  /** [batch, tags]. */
  readonly scores: tf.Tensor2D;
  /** [batch, tags]; absent where all count alike. */
  readonly weights: tf.Tensor2D | undefined;
}

/** Gathers samples until they are enough for a step. */
export class Batch {
  /** Pixels, or features where samples have them: all of a batch do, or none. */
  private input: { readonly of: "pixels" | "features"; readonly values: Float32Array } | undefined;
  private readonly scores: Float32Array;
  private readonly weights: Float32Array | undefined;
  private count = 0;

  constructor(
    private readonly network: Pick<Network, "spec" | "features" | "frozenPart">,
    private readonly capacity: number,
    private readonly weighting: TargetWeighting,
  ) {
    const { tags } = network.spec;
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
  add(
    sample: Sample | FeatureSample,
    change?: { augmentation: Augmentation; seed: number; epoch: number },
  ): void {
    const { size, tags } = this.network.spec;
    const place = (all: Float32Array, each: number) =>
      all.subarray(this.count * each, (this.count + 1) * each);
    if ("features" in sample) {
      place(this.inputOf("features", sample.features.length), sample.features.length).set(sample.features);
    } else {
      const pixels = place(this.inputOf("pixels", sample.pixels.length), sample.pixels.length);
      if (change) {
        const { augmentation, seed, epoch } = change;
        augment(sample.pixels, pixels, size, augmentation, { seed, epoch, id: sample.id });
      } else {
        pixels.set(sample.pixels);
      }
    }
    denseTargets(sample.labels, place(this.scores, tags));
    if (this.weights) targetWeights(sample.labels, this.weighting, place(this.weights, tags));
    this.count++;
  }

  tensors(): BatchTensors {
    const { tags } = this.network.spec;
    const taken = (all: Float32Array, each: number) => all.slice(0, this.count * each);
    const table = (all: Float32Array) => tf.tensor2d(taken(all, tags), [this.count, tags]);
    return {
      features: this.features(),
      scores: table(this.scores),
      weights: this.weights && table(this.weights),
    };
  }

  private features(): tf.Tensor {
    const { spec, frozenPart } = this.network;
    const { of, values } = this.input!;
    const { height, width } = spec.size;
    const each = of === "pixels" ? [height, width, 3] : frozenPart!.shape;
    const tensor = tf.tensor(values.slice(0, this.count * tf.util.sizeFromShape([...each])), [
      this.count,
      ...each,
    ]);
    return of === "pixels" ? this.network.features(tensor as tf.Tensor4D) : tensor;
  }

  /** Where samples of a kind are gathered. */
  private inputOf(of: "pixels" | "features", each: number): Float32Array {
    if (this.input?.of !== of) this.input = { of, values: new Float32Array(this.capacity * each) };
    return this.input.values;
  }

  clear(): void {
    this.count = 0;
  }
}
