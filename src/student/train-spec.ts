import type { Augmentation } from "./augment.js";
import type { EarlyStopping, EpochRecord } from "./history.js";
import type { LossSpec } from "./losses.js";
import type { OptimizerSpec } from "./optimizer.js";
import type { RateSpec } from "./schedule.js";
import type { Progress } from "./snapshots.js";
import type { TargetWeighting } from "./targets.js";

/** How a network is trained. */
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

/** What a training tells of itself. */
export interface TrainHooks {
  readonly signal: AbortSignal;
  /** After each step: which of the epoch it was, the samples it has learned from and their mean loss. */
  onStep(at: { epoch: number; step: number; sample: number; loss: number }): void;
  /** After each epoch; `step` counts those of all epochs. */
  onEpoch(at: { record: EpochRecord; step: number; imagesPerSecond: number }): void;
  onResume(at: Progress): void;
  onDamagedSnapshot(file: string, reason: string): void;
  /** How this process spent its time, at the end, however it ends, if it took a step. */
  onUsage(figures: { readonly imagesPerSecond: number; readonly waitShare: number }): void;
}

/** What comes of a training beside the weights. */
export interface Trained {
  readonly history: readonly EpochRecord[];
  /** Pictures that could not be decoded: why, by id. */
  readonly broken: ReadonlyMap<string, string>;
}
