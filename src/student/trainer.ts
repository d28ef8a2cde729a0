import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../contract/stage.js";
import { Batch } from "./batch.js";
import { clipByGlobalNorm } from "./clip.js";
import type { FeatureSample, Loaded, Sample } from "./dataset.js";
import type { EpochSource } from "./epochs.js";
import { type EpochRecord, stopsEarly } from "./history.js";
import { type Loss, lossOf } from "./losses.js";
import type { NamedWeight, Network } from "./network.js";
import { type Optimizer, optimizerOf } from "./optimizer.js";
import { learningRate as rateAt } from "./schedule.js";
import type { EpochPart, Snapshots } from "./snapshots.js";
import type { Trained, TrainHooks, TrainSpec } from "./train-spec.js";
import { Watch } from "./watch.js";

/**
 * Trains a network in place. Equal inputs give equal weights, also when the training was cut off at any moment and
 * goes on from a snapshot, within an epoch too: bit for bit on engines that are exact.
 *
 * @throws the signal's reason, after the step in hand and a snapshot, once it is aborted; StageError where the loss is
 *   no number.
 */
export async function train(
  network: Network,
  source: EpochSource,
  spec: TrainSpec,
  snapshots: Snapshots,
  hooks: TrainHooks,
): Promise<Trained> {
  const training = new Training(network, source, spec, snapshots, hooks);
  try {
    training.resume();
    while (!training.ended) await training.epoch();
    if (spec.earlyStopping) training.takeUpBest();
    return training;
  } finally {
    if (training.usage.imagesPerSecond > 0) hooks.onUsage(training.usage);
    training.dispose();
  }
}

/** A training between two steps. */
class Training implements Trained {
  readonly history: EpochRecord[] = [];
  readonly broken = new Map<string, string>();
  private step = 0;
  /** Where the epoch stands that has begun. */
  private part: EpochPart | undefined;
  private readonly trainable: readonly NamedWeight[];
  private readonly optimizer: Optimizer;
  private readonly loss: Loss;
  private readonly batch: Batch;
  private readonly watch = new Watch();

  constructor(
    private readonly network: Network,
    private readonly source: EpochSource,
    private readonly spec: TrainSpec,
    private readonly snapshots: Snapshots,
    private readonly hooks: TrainHooks,
  ) {
    this.trainable = network.weights().filter((weight) => weight.trainable);
    this.optimizer = optimizerOf(spec.optimizer, this.trainable);
    this.loss = lossOf(spec.loss);
    this.batch = new Batch(network, spec.batch, spec.weighting);
  }

  /** Goes on from the newest snapshot, if there is one. @throws StageError where there is no room for snapshots. */
  resume(): void {
    const variables = this.variables();
    this.snapshots.checkSpace(variables);
    const progress = this.snapshots.load(variables, this.hooks.onDamagedSnapshot);
    if (!progress) return;
    this.step = progress.step;
    this.optimizer.state = progress.optimizer;
    this.history.push(...progress.history);
    this.part = progress.part;
    for (const [id, reason] of progress.broken) this.broken.set(id, reason);
    this.hooks.onResume(progress);
  }

  get ended(): boolean {
    const { epochs, earlyStopping } = this.spec;
    if (this.history.length >= epochs) return true;
    return earlyStopping !== undefined && stopsEarly(this.history, earlyStopping);
  }

  /** Restores the weights of the best epoch. */
  takeUpBest(): void {
    this.snapshots.loadBest(this.history, this.variables());
  }

  get usage() {
    const { imagesPerSecond, waitShare } = this.watch;
    return { imagesPerSecond, waitShare };
  }

  /** Brings an epoch to its end. What is done of one that is aborted is saved. */
  async epoch(): Promise<void> {
    const { signal } = this.hooks;
    try {
      await this.wholeEpoch();
    } catch (error) {
      if (signal.aborted && error === signal.reason && this.part) this.save();
      throw error;
    }
  }

  private async wholeEpoch(): Promise<void> {
    const epoch = this.history.length + 1;
    this.watch.pause();
    const { reading } = this.watch;
    const { lossSum, samples, learningRate } = await this.learn(epoch);
    const imagesPerSecond = this.watch.speedSince(reading);
    const record = { epoch, loss: lossSum / samples, samples, learning_rate: learningRate };
    this.history.push(this.spec.validate ? { ...record, val_loss: await this.validate() } : record);
    this.part = undefined;
    this.save();
    this.hooks.onEpoch({ record: this.history.at(-1)!, step: this.step, imagesPerSecond });
  }

  /** Learns what is left of an epoch. @throws StageError where no sample of it could be decoded. */
  private async learn(epoch: number): Promise<EpochPart> {
    const { augmentation, seed } = this.spec;
    let place = this.part?.place ?? 0;
    const take = (sample: Loaded<Sample | FeatureSample>) => {
      place++;
      if ("broken" in sample) this.broken.set(sample.id, sample.broken);
      else this.batch.add(sample, { augmentation, seed, epoch });
    };
    const missing = () => this.spec.samples - (this.part?.samples ?? 0) - this.batch.length;
    if (missing() > 0) {
      for await (const sample of this.source.epoch(epoch, place)) {
        take(sample);
        if (this.batch.full) await this.learnBatch(epoch, place);
        if (missing() <= 0) break;
      }
    }
    if (this.batch.length > 0) await this.learnBatch(epoch, place);
    return this.part ?? noImage("training");
  }

  private async learnBatch(epoch: number, place: number): Promise<void> {
    this.watch.gotBatch(this.source.preparing);
    const learningRate = rateAt(this.spec.rate, this.step, epoch);
    const loss = finite(this.descend(learningRate), "training");
    const { length } = this.batch;
    const { samples: before, lossSum } = this.part ?? { samples: 0, lossSum: 0 };
    const samples = before + length;
    this.part = { place, samples, lossSum: lossSum + loss * length, learningRate };
    this.step++;
    this.batch.clear();
    this.watch.learned(length);
    const step = Math.ceil(samples / this.spec.batch);
    this.hooks.onStep({ epoch, step, sample: samples, loss: this.part.lossSum / samples });
    if (this.snapshots.due()) this.save();
    await this.breathe();
  }

  /** Takes a step down the loss of the batch. @returns its mean over the batch */
  private descend(rate: number): number {
    const { clipNorm } = this.spec;
    return tf.tidy(() => {
      // The frozen part is computed outside of what is differentiated: nothing of it need be kept.
      const { features, scores, weights } = this.batch.tensors();
      const { value, grads } = tf.variableGrads(
        () => this.loss(this.network.trainingLogits(features, this.step), scores, weights),
        this.trainable.map((weight) => weight.value),
      );
      this.optimizer.apply(clipNorm === undefined ? grads : clipByGlobalNorm(grads, clipNorm), rate);
      return value.dataSync()[0]!;
    });
  }

  /** The mean loss over the samples put aside, as the network predicts. */
  private async validate(): Promise<number> {
    let count = 0;
    let lossSum = 0;
    const run = async () => {
      const value = tf.tidy(() => {
        const { features, scores, weights } = this.batch.tensors();
        return this.loss(this.network.logits(features), scores, weights).dataSync()[0]!;
      });
      lossSum += finite(value, "validation") * this.batch.length;
      count += this.batch.length;
      this.batch.clear();
      await this.breathe();
    };
    for await (const sample of this.source.validation()) {
      if ("broken" in sample) this.broken.set(sample.id, sample.broken);
      else this.batch.add(sample);
      if (this.batch.full) await run();
    }
    if (this.batch.length > 0) await run();
    return count > 0 ? lossSum / count : noImage("validation");
  }

  /** Lets signals, timers and the decoder's results in: the engine computes on this thread. */
  private async breathe(): Promise<void> {
    await new Promise(setImmediate);
    this.hooks.signal.throwIfAborted();
  }

  private save(): void {
    const { step, history, part, broken } = this;
    this.snapshots.save(
      { step, optimizer: this.optimizer.state, history, ...(part ? { part } : {}), broken: [...broken] },
      this.variables(),
    );
    this.watch.pause();
  }

  /** All that a snapshot holds beside the progress. */
  private variables() {
    return [...this.network.weights(), ...this.optimizer.slots()];
  }

  dispose(): void {
    this.optimizer.dispose();
  }
}

function finite(loss: number, what: string): number {
  if (Number.isFinite(loss)) return loss;
  throw new StageError(`the training diverged: its ${what} loss is ${loss}`, {
    class: "diverged",
    hint: "lower `learning_rate`, add `warmup`, or set `clip_norm`",
  });
}

function noImage(what: string): never {
  throw new StageError(`no ${what} image could be decoded`, {
    class: "empty-data",
    hint: "make the data set again, from pictures that can be read",
  });
}
