import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../contract/stage.js";
import type { Augmentation } from "./augment.js";
import { Batch } from "./batch.js";
import { clipByGlobalNorm } from "./clip.js";
import type { EpochSource } from "./epochs.js";
import { type EarlyStopping, type EpochRecord, stopsEarly } from "./history.js";
import { type Loss, type LossSpec, lossOf } from "./losses.js";
import type { NamedWeight, Network } from "./network.js";
import { type Optimizer, type OptimizerSpec, optimizerOf } from "./optimizer.js";
import { learningRate, type RateSpec } from "./schedule.js";
import type { Progress, Snapshots } from "./snapshots.js";
import type { TargetWeighting } from "./targets.js";

export interface TrainSpec {
  readonly epochs: number;
  readonly batch: number;
  readonly loss: LossSpec;
  readonly weighting: TargetWeighting;
  readonly optimizer: OptimizerSpec;
  readonly rate: RateSpec;
  /** Global norm that gradients are clipped to. */
  readonly clipNorm?: number | undefined;
  readonly augmentation: Augmentation;
  readonly seed: number;
  /** Samples learned from in an epoch, at most. */
  readonly samples: number;
  /** Whether the source puts samples aside, on which each epoch is judged. */
  readonly validate: boolean;
  /** Ends the training early, and in any case with the weights of its best epoch. */
  readonly earlyStopping?: EarlyStopping | undefined;
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
 * @throws the signal's reason, after the step in hand, once it is aborted; StageError where the loss is no number.
 */
export async function train(
  network: Network,
  source: EpochSource,
  spec: TrainSpec,
  snapshots: Snapshots,
  hooks: TrainHooks,
): Promise<readonly EpochRecord[]> {
  const training = new Training(network, source, spec, hooks);
  try {
    const variables = training.variables();
    snapshots.checkSpace(variables);
    const resumed = snapshots.load(variables, hooks.onDamagedSnapshot);
    if (resumed) {
      training.resume(resumed);
      hooks.onResume(resumed.history.length);
    }
    while (!training.ended) {
      await training.epoch();
      snapshots.save(training.progress, variables);
    }
    if (spec.earlyStopping) snapshots.loadBest(training.progress.history, variables);
    return training.progress.history;
  } finally {
    training.dispose();
  }
}

/** A training between two steps. */
class Training {
  private step = 0;
  private readonly history: EpochRecord[] = [];
  private readonly trainable: readonly NamedWeight[];
  private readonly optimizer: Optimizer;
  private readonly loss: Loss;
  private readonly batch: Batch;

  constructor(
    private readonly network: Network,
    private readonly source: EpochSource,
    private readonly spec: TrainSpec,
    private readonly hooks: TrainHooks,
  ) {
    this.trainable = network.weights().filter((weight) => weight.trainable);
    this.optimizer = optimizerOf(spec.optimizer, this.trainable);
    this.loss = lossOf(spec.loss);
    this.batch = new Batch(network.spec, spec.batch, spec.weighting);
  }

  /** All that a snapshot holds beside the progress. */
  variables() {
    return [...this.network.weights(), ...this.optimizer.slots()];
  }

  get progress(): Progress {
    return { step: this.step, optimizer: this.optimizer.state, history: this.history };
  }

  /** Goes on from a snapshot whose variables are restored. */
  resume({ step, optimizer, history }: Progress): void {
    this.step = step;
    this.optimizer.state = optimizer;
    this.history.push(...history);
  }

  get ended(): boolean {
    const { epochs, earlyStopping } = this.spec;
    if (this.history.length >= epochs) return true;
    return earlyStopping !== undefined && stopsEarly(this.history, earlyStopping);
  }

  async epoch(): Promise<void> {
    const record = await this.learn(this.history.length + 1);
    this.history.push(this.spec.validate ? { ...record, val_loss: await this.validate() } : record);
  }

  private async learn(epoch: number): Promise<EpochRecord> {
    const { augmentation, seed, samples } = this.spec;
    const mean = new Mean("training");
    let rate = 0;
    const run = async () => {
      rate = learningRate(this.spec.rate, this.step, epoch);
      mean.add(this.descend(rate), this.batch.length);
      this.step++;
      this.batch.clear();
      this.hooks.onStep({ epoch, sample: mean.count, loss: mean.value });
      await this.breathe();
    };
    for await (const sample of this.source.epoch(epoch)) {
      this.batch.add(sample, { augmentation, seed, epoch });
      if (this.batch.full) await run();
      if (mean.count + this.batch.length >= samples) break;
    }
    if (this.batch.length > 0) await run();
    return { epoch, loss: mean.value, samples: mean.count, learning_rate: rate };
  }

  /** Takes a step down the loss of the batch. @returns its mean over the batch */
  private descend(rate: number): number {
    const { clipNorm } = this.spec;
    return tf.tidy(() => {
      const { pixels, scores, weights } = this.batch.tensors();
      const { value, grads } = tf.variableGrads(
        () => this.loss(this.network.trainingLogits(pixels, this.step), scores, weights),
        this.trainable.map((weight) => weight.value),
      );
      this.optimizer.apply(clipNorm === undefined ? grads : clipByGlobalNorm(grads, clipNorm), rate);
      return value.dataSync()[0]!;
    });
  }

  /** The mean loss over the samples put aside, as the network predicts. */
  private async validate(): Promise<number> {
    const mean = new Mean("validation");
    const run = async () => {
      const value = tf.tidy(() => {
        const { pixels, scores, weights } = this.batch.tensors();
        return this.loss(this.network.logits(pixels), scores, weights).dataSync()[0]!;
      });
      mean.add(value, this.batch.length);
      this.batch.clear();
      await this.breathe();
    };
    for await (const sample of this.source.validation()) {
      this.batch.add(sample);
      if (this.batch.full) await run();
    }
    if (this.batch.length > 0) await run();
    return mean.value;
  }

  /** Lets signals, timers and the decoder's results in: the engine computes on this thread. */
  private async breathe(): Promise<void> {
    await new Promise(setImmediate);
    this.hooks.signal.throwIfAborted();
  }

  dispose(): void {
    this.optimizer.dispose();
  }
}

/** The mean loss of batches by their number of samples. */
class Mean {
  private sum = 0;
  count = 0;

  constructor(private readonly what: string) {}

  /** @throws StageError for a loss that is no number. */
  add(loss: number, samples: number): void {
    if (!Number.isFinite(loss)) {
      throw new StageError(`the training diverged: its ${this.what} loss is ${loss}`, {
        class: "diverged",
        hint: "lower `learning_rate`, add `warmup`, or set `clip_norm`",
      });
    }
    this.sum += loss * samples;
    this.count += samples;
  }

  /** @throws StageError where there was nothing. */
  get value(): number {
    if (this.count > 0) return this.sum / this.count;
    throw new StageError(`no ${this.what} image could be decoded`, {
      class: "empty-data",
      hint: "make the data set again, from pictures that can be read",
    });
  }
}
