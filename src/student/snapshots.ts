import { mkdirSync, readdirSync, rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import type * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../contract/stage.js";
import { bestEpoch, type EpochRecord } from "./history.js";
import type { OptimizerState } from "./optimizer.js";
import { readSnapshot, writeSnapshot } from "./snapshot-file.js";
import { layout, restore, type TensorEntry, tensorBytes } from "./tensor-file.js";

/** What a training needs beside its tensors to go on exactly. Random draws are keyed, so they need no state. */
export interface Progress {
  /** Steps done in all epochs. */
  readonly step: number;
  readonly optimizer: OptimizerState;
  readonly history: readonly EpochRecord[];
  /** Where the epoch after those of the history stands, if it has begun. */
  readonly part?: EpochPart;
  /** Pictures that could not be decoded so far: [id, reason]. */
  readonly broken: readonly (readonly [id: string, reason: string])[];
}

/** A part of an epoch, from its beginning on. */
export interface EpochPart {
  /** Samples of the epoch's order that are behind, broken ones included. */
  readonly place: number;
  /** Samples learned from. */
  readonly samples: number;
  readonly lossSum: number;
  /** Of the last step. */
  readonly learningRate: number;
}

interface Header {
  readonly progress: Progress;
  readonly tensors: readonly TensorEntry[];
}

type Variables = readonly { readonly name: string; readonly value: tf.Variable }[];

/** Saving within an epoch takes a part in so many of the time, at most, unless every step is to be saved. */
const SAVING_SHARE = 20;

/** Snapshots of a training, one file each, after every epoch and now and then within one. Kept are the newest two and that of the best epoch. */
export class Snapshots {
  private savedAt = performance.now();
  private savingTook = 0;

  /** @param every how long an epoch goes on without a snapshot, milliseconds; 0: not even a step */
  constructor(
    private readonly folder: string,
    private readonly every: number,
  ) {
    mkdirSync(folder, { recursive: true });
  }

  /** @throws StageError if the disk cannot hold the snapshots of a training. */
  checkSpace(variables: Variables): void {
    const bytes = variables.reduce((sum, { value }) => sum + value.size * 4, 0);
    // Three are kept and the next one is written before one of them goes.
    const needed = 4 * bytes;
    const { bavail, bsize } = statfsSync(this.folder);
    if (bavail * bsize < needed) {
      throw new StageError(
        `snapshots need ${mib(needed)} MiB of disk space, ${mib(bavail * bsize)} MiB are free`,
        {
          class: "disk-space",
          hint: "free some space (`pipe gc`), or train a smaller student",
        },
      );
    }
  }

  /** Whether so much was done since the last snapshot that it should be saved. Says nothing about results. */
  due(): boolean {
    if (this.every === 0) return true;
    return performance.now() - this.savedAt >= Math.max(this.every, SAVING_SHARE * this.savingTook);
  }

  save(progress: Progress, variables: Variables): void {
    const start = performance.now();
    const header: Header = { progress, tensors: layout(variables) };
    writeSnapshot(join(this.folder, fileName(progress)), header, tensorBytes(variables));
    this.prune(progress.history);
    this.savedAt = performance.now();
    this.savingTook = this.savedAt - start;
  }

  /**
   * Restores the newest snapshot that is whole and fits.
   *
   * @returns undefined if there is none
   */
  load(variables: Variables, onDamaged: (file: string, reason: string) => void): Progress | undefined {
    for (const name of this.names().reverse()) {
      try {
        return this.restore(name, variables);
      } catch (error) {
        onDamaged(name, (error as Error).message);
        rmSync(join(this.folder, name), { force: true });
      }
    }
    return undefined;
  }

  /**
   * Restores the variables of the best epoch, which is always kept.
   *
   * @throws StageError if its file is damaged; all are removed then, since those that are left lead nowhere else.
   */
  loadBest(history: readonly EpochRecord[], variables: Variables): void {
    const name = epochName(bestEpoch(history).epoch);
    try {
      this.restore(name, variables);
    } catch (error) {
      for (const left of this.names()) rmSync(join(this.folder, left), { force: true });
      throw new StageError(`cannot take up the best epoch, ${name}: ${(error as Error).message}`, {
        class: "bad-snapshot",
        hint: "run again: this training starts anew",
      });
    }
  }

  private restore(name: string, variables: Variables): Progress {
    return readSnapshot(join(this.folder, name), (header, source) => {
      const { progress, tensors } = header as Header;
      restore(variables, tensors, source);
      return progress;
    });
  }

  /** Names of the snapshots, in the order in which they were made. */
  private names(): string[] {
    return readdirSync(this.folder)
      .filter((name) => /^epoch-\d{6}\.(step-\d{9}\.)?snapshot$/.test(name))
      .sort();
  }

  /** Removes all but the newest two and the best epoch's, and what a killed process left half-written. */
  private prune(history: readonly EpochRecord[]): void {
    const kept = new Set(this.names().slice(-2));
    if (history.length > 0) kept.add(epochName(bestEpoch(history).epoch));
    for (const name of readdirSync(this.folder))
      if (!kept.has(name)) rmSync(join(this.folder, name), { force: true });
  }
}

/** By the epochs that are done and, within the next one, the steps: names sort by age. */
function fileName({ history, step, part }: Progress): string {
  return epochName(history.length, part && `step-${String(step).padStart(9, "0")}.`);
}

function epochName(epochs: number, within = ""): string {
  return `epoch-${String(epochs).padStart(6, "0")}.${within}snapshot`;
}

const mib = (bytes: number) => Math.ceil(bytes / 2 ** 20);
