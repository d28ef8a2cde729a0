import { rmSync } from "node:fs";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import type { Dataset, FeatureSample, Loaded, Sample } from "./dataset.js";
import { FeatureFile, FeatureWriter } from "./feature-file.js";
import { fromHalf, toHalf } from "./half.js";
import type { ShardSample } from "./kept-shards.js";
import type { Network } from "./network.js";
import { prefetch } from "./prefetch.js";

export interface FeatureCacheOptions {
  /** Holds a file for each shard; its name tells what determines the features beside the pictures. */
  readonly folder: string;
  readonly network: Network;
  readonly dataset: Dataset;
  readonly signal: AbortSignal;
  note(message: string): void;
  /** After each batch: images whose features were computed so far. */
  onPrepared(images: number): void;
}

/** Images whose features are computed at once. The same for every training, so that they share bytes. */
const BATCH = 8;
/** Samples by whose reading it is judged whether reading is worth it. */
const TRIED = 16;

/**
 * What the frozen part of a network makes of pictures, computed once for each shard and read from then on, where
 * reading takes less time. A file is named by its shard's bytes: trainings that share the frozen part and a shard share
 * it, and one changed picture costs one shard. Files appear whole, so that a training that is killed goes on with
 * those it has made, and two at a time do no harm.
 */
export class FeatureCache {
  /** Time that went into computing features, milliseconds. */
  preparing = 0;
  private prepared = 0;
  private readonly slotBytes: number;
  private readonly files = new Map<string, Promise<FeatureFile | undefined>>();
  private turn: Promise<unknown> = Promise.resolve();
  private worthIt: boolean | undefined;

  constructor(private readonly options: FeatureCacheOptions) {
    this.slotBytes = featureBytes(options.network);
  }

  /** A sample's features; its pixels where features are not kept. */
  async load(sample: ShardSample): Promise<Loaded<Sample | FeatureSample>> {
    const { dataset } = this.options;
    const file = await this.fileOf(sample.shard);
    if (!file) return this.worthIt ? this.computed(sample) : sample.load(dataset);
    const { id, labels, index } = sample;
    const broken = file.broken(index);
    if (broken !== undefined) return { id, broken };
    try {
      return { id, labels, features: this.decoded(await file.read(index)) };
    } catch (error) {
      this.madeAgain(sample.shard, error);
      rmSync(this.path(sample.shard), { force: true });
      this.files.delete(sample.shard);
      return this.computed(sample);
    }
  }

  private async computed(sample: ShardSample): Promise<Loaded<FeatureSample>> {
    const loaded = await sample.load(this.options.dataset);
    if (!("pixels" in loaded)) return loaded;
    const { id, labels } = loaded;
    return { id, labels, features: this.decoded(this.compute([loaded])[0]!) };
  }

  private fileOf(shard: string): Promise<FeatureFile | undefined> {
    let file = this.files.get(shard);
    if (!file) {
      // One after the other: the engine computes one anyway, and memory holds the pictures of one.
      file = this.turn.then(() => this.find(shard));
      this.turn = file.catch(() => {});
      this.files.set(shard, file);
    }
    return file;
  }

  /** Opens a shard's file, makes it where there is none, and decides by the first whether files are used at all. */
  private async find(shard: string): Promise<FeatureFile | undefined> {
    if (this.worthIt === false) return undefined;
    const file = this.open(shard) ?? (await this.make(shard));
    // Features or pixels: one training has either.
    if (!file) this.worthIt ??= false;
    if (!file || this.worthIt) return file;
    try {
      this.worthIt = await this.isWorthIt(file);
    } catch (error) {
      this.madeAgain(shard, error);
      rmSync(this.path(shard));
      return this.find(shard);
    }
    return this.worthIt ? file : undefined;
  }

  private open(shard: string): FeatureFile | undefined {
    try {
      return FeatureFile.open(this.path(shard), this.slotBytes);
    } catch (error) {
      this.madeAgain(shard, error);
      return undefined;
    }
  }

  private madeAgain(shard: string, why: unknown): void {
    this.options.note(`the features of ${shard} are made again: ${(why as Error).message}`);
  }

  /** @returns undefined where the file cannot be written, which only costs time */
  private async make(shard: string): Promise<FeatureFile | undefined> {
    const start = performance.now();
    try {
      await this.write(shard);
      return this.open(shard);
    } catch (error) {
      this.options.signal.throwIfAborted();
      if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
      this.options.note(
        `the features of ${shard} are computed anew in each epoch: ${(error as Error).message}`,
      );
      return undefined;
    } finally {
      this.preparing += performance.now() - start;
    }
  }

  private async write(shard: string): Promise<void> {
    const { dataset, signal, onPrepared } = this.options;
    const writer = new FeatureWriter(this.path(shard), this.slotBytes);
    try {
      let computing = 0;
      let images = 0;
      const add = (loaded: readonly Loaded[]) => {
        signal.throwIfAborted();
        const samples = loaded.filter((each) => "pixels" in each);
        const start = performance.now();
        const features = this.compute(samples).values();
        computing += performance.now() - start;
        images += samples.length;
        for (const each of loaded) {
          if ("broken" in each) writer.addBroken(each.broken);
          else writer.add(features.next().value!);
        }
        this.prepared += loaded.length;
        onPrepared(this.prepared);
      };
      let batch: Loaded[] = [];
      for await (const loaded of prefetch(dataset.read(shard), 2 * BATCH, (each) => dataset.decode(each))) {
        batch.push(loaded);
        if (batch.length < BATCH) continue;
        add(batch);
        batch = [];
        await new Promise(setImmediate);
      }
      add(batch);
      writer.finish(computing / Math.max(1, images));
    } catch (error) {
      writer.abandon();
      throw error;
    }
  }

  /** The features of samples, one after the other, as files hold them. */
  private compute(samples: readonly Sample[]): Uint8Array[] {
    if (samples.length === 0) return [];
    const { network } = this.options;
    const { height, width } = network.spec.size;
    const pixels = new Float32Array(samples.length * height * width * 3);
    for (const [i, sample] of samples.entries()) pixels.set(sample.pixels, i * height * width * 3);
    const values = tf.tidy(() =>
      network.features(tf.tensor4d(pixels, [samples.length, height, width, 3])).dataSync(),
    ) as Float32Array;
    const stored = network.precision === "float16" ? toHalf(values) : values;
    const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
    return samples.map((_, i) => bytes.subarray(i * this.slotBytes, (i + 1) * this.slotBytes));
  }

  private decoded(bytes: Uint8Array): Float32Array {
    const { buffer, byteOffset, byteLength } = bytes;
    if (this.options.network.precision === "float16")
      return fromHalf(new Uint16Array(buffer, byteOffset, byteLength / 2));
    return new Float32Array(buffer, byteOffset, byteLength / 4);
  }

  private async isWorthIt(file: FeatureFile): Promise<boolean> {
    const start = performance.now();
    let read = 0;
    for (let i = 0; i < Math.min(TRIED, file.count); i++) {
      if (file.broken(i) !== undefined) continue;
      this.decoded(await file.read(i));
      read++;
    }
    if (read === 0) return true;
    const reading = (performance.now() - start) / read;
    const worthIt = reading < file.computing;
    const found = `reading them takes ${ms(reading)} an image, computing them ${ms(file.computing)}`;
    this.options.note(`frozen features are ${worthIt ? "kept" : "computed anew in each epoch"}: ${found}`);
    return worthIt;
  }

  private path(shard: string): string {
    return join(this.options.folder, `${this.options.dataset.hash(shard)}.features`);
  }
}

/** Bytes of an image's features in a file. */
export function featureBytes({ frozenPart, precision }: Network): number {
  const values = tf.util.sizeFromShape([...(frozenPart?.shape ?? [])]);
  return values * (precision === "float16" ? 2 : 4);
}

function ms(milliseconds: number): string {
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`;
}
