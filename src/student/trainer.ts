import * as tf from "@tensorflow/tfjs-core";
import { Adam } from "./adam.js";
import { denseTargets, type Sample } from "./dataset.js";
import type { EpochSource } from "./epochs.js";
import { type LossSpec, lossOf } from "./losses.js";
import type { Network } from "./network.js";
import { random } from "./random.js";
import { learningRate, type Schedule } from "./schedule.js";
import type { EpochRecord, Snapshots } from "./snapshots.js";

export interface TrainSpec {
  readonly epochs: number;
  readonly batch: number;
  readonly loss: LossSpec;
  readonly learningRate: number;
  readonly schedule: Schedule;
  /** Mirrors half of the images, another half in each epoch. */
  readonly flip: boolean;
  readonly seed: number;
  /** Training samples, which with `batch` gives the steps of the schedule. */
  readonly samples: number;
}

export interface TrainHooks {
  readonly signal: AbortSignal;
  /** After each step. */
  onStep(at: { epoch: number; sample: number; loss: number }): void;
  onResume(epoch: number): void;
  onDamagedSnapshot(file: string, reason: string): void;
}

/**
 * Trains a network in place. Equal inputs give equal weights, also when the training was cut off at any moment and
 * goes on from a snapshot: bit for bit on engines that are exact.
 *
 * @returns a record of each epoch
 * @throws the signal's reason, after the step in hand, once it is aborted.
 */
export async function train(
  network: Network,
  source: EpochSource,
  spec: TrainSpec,
  snapshots: Snapshots,
  hooks: TrainHooks,
): Promise<readonly EpochRecord[]> {
  const weights = network.weights();
  const trainable = weights.filter((weight) => weight.trainable);
  const adam = new Adam(trainable);
  try {
    const state = [...weights, ...adam.moments()];
    snapshots.checkSpace(state);
    const resumed = snapshots.load(state, hooks.onDamagedSnapshot);
    const history: EpochRecord[] = [...(resumed?.history ?? [])];
    let step = resumed?.step ?? 0;
    if (resumed) {
      adam.powers = resumed.powers;
      hooks.onResume(history.length);
    }
    const loss = lossOf(spec.loss);
    const variables = trainable.map((weight) => weight.value);
    const steps = spec.epochs * Math.ceil(spec.samples / spec.batch);
    const batch = new Batch(network, spec);
    for (let epoch = history.length + 1; epoch <= spec.epochs; epoch++) {
      let sum = 0;
      let seen = 0;
      let rate = spec.learningRate;
      const run = async () => {
        rate = learningRate(spec.schedule, spec.learningRate, step, steps);
        const mean = tf.tidy(() => {
          const { pixels, targets } = batch.tensors();
          const { value, grads } = tf.variableGrads(
            () => loss(network.trainingLogits(pixels, step), targets),
            variables,
          );
          adam.apply(grads, rate);
          return value.dataSync()[0]!;
        });
        sum += mean * batch.length;
        seen += batch.length;
        step++;
        batch.clear();
        hooks.onStep({ epoch, sample: seen, loss: sum / seen });
        // Lets signals, timers and the decoder's results in: the engine computes on this thread.
        await new Promise(setImmediate);
        hooks.signal.throwIfAborted();
      };
      for await (const sample of source.epoch(epoch)) {
        batch.add(sample, epoch);
        if (batch.full) await run();
      }
      if (batch.length > 0) await run();
      history.push({ epoch, loss: sum / seen, samples: seen, learning_rate: rate });
      snapshots.save({ step, powers: adam.powers, history }, state);
    }
    return history;
  } finally {
    adam.dispose();
  }
}

/** Gathers samples to tensors of [batch, height, width, 3] and [batch, tags]. */
class Batch {
  private readonly pixels: Float32Array;
  private readonly targets: Float32Array;
  private count = 0;

  constructor(
    private readonly network: Network,
    private readonly spec: TrainSpec,
  ) {
    const { size, tags } = network.spec;
    this.pixels = new Float32Array(spec.batch * size.width * size.height * 3);
    this.targets = new Float32Array(spec.batch * tags);
  }

  get length(): number {
    return this.count;
  }

  get full(): boolean {
    return this.count === this.spec.batch;
  }

  add(sample: Sample, epoch: number): void {
    const { size, tags } = this.network.spec;
    const length = size.width * size.height * 3;
    const into = this.pixels.subarray(this.count * length, (this.count + 1) * length);
    if (this.spec.flip && random("flip", this.spec.seed, epoch, sample.id).next() < 0.5) {
      mirror(sample.pixels, into, size.width);
    } else {
      into.set(sample.pixels);
    }
    denseTargets(sample.labels, this.targets.subarray(this.count * tags, (this.count + 1) * tags));
    this.count++;
  }

  tensors(): { pixels: tf.Tensor4D; targets: tf.Tensor2D } {
    const { size, tags } = this.network.spec;
    const length = size.width * size.height * 3;
    return {
      pixels: tf.tensor4d(this.pixels.slice(0, this.count * length), [
        this.count,
        size.height,
        size.width,
        3,
      ]),
      targets: tf.tensor2d(this.targets.slice(0, this.count * tags), [this.count, tags]),
    };
  }

  clear(): void {
    this.count = 0;
  }
}

/** Copies an RGB image with its columns in reverse order. */
function mirror(from: Uint8Array, to: Float32Array, width: number): void {
  for (let i = 0; i < from.length; i += 3) {
    const column = (i / 3) % width;
    const target = i + 3 * (width - 1 - 2 * column);
    to[target] = from[i]!;
    to[target + 1] = from[i + 1]!;
    to[target + 2] = from[i + 2]!;
  }
}
