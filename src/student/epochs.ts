import type { Dataset, FeatureSample, Loaded, Sample } from "./dataset.js";
import type { FeatureCache } from "./feature-cache.js";
import { KeptShards, type ShardSample } from "./kept-shards.js";
import { prefetch } from "./prefetch.js";
import { type Random, random, shuffle } from "./random.js";
import type { PutAside } from "./validation.js";

/** The training split, in two parts: what is learned from, and what is put aside to judge epochs by. */
export interface EpochSource {
  /**
   * The samples to learn from in an order of its own for each epoch, a function of (seed, epoch) alone.
   *
   * @param from how many of them, broken ones included, are left out at the beginning: they are not decoded
   */
  epoch(number: number, from?: number): AsyncIterable<Loaded<Sample | FeatureSample>>;
  /** The samples put aside, in the order of the data set. */
  validation(): AsyncIterable<Loaded<Sample | FeatureSample>>;
  /** Time that went into computing features that are kept, milliseconds. */
  readonly preparing: number;
}

/** Where samples come from, and how. */
export interface SourceOptions {
  readonly dataset: Dataset;
  /** Of the order. */
  readonly seed: number;
  readonly putAside: PutAside;
  /** Samples that are decoded before they are asked for: at least a step's, which is when sharp's threads have time. */
  readonly ahead: number;
  /** Gives features in the place of pixels, in the same order. */
  readonly features?: FeatureCache | undefined;
}

/** How much is held in memory, whatever the size of the data set. */
export interface MemoryLimits {
  /** Decoded pixels of shards that are not read again: 2,730 images at 64 pixels. */
  readonly keptBytes: number;
  /** The shuffle buffer: images, and bytes of their pictures as they lie in the shards (20 KB each at 224 pixels). */
  readonly shuffled: number;
  readonly shuffledBytes: number;
}

const LIMITS: MemoryLimits = { keptBytes: 32 * 2 ** 20, shuffled: 2048, shuffledBytes: 64 * 2 ** 20 };

/**
 * Reads shards one after the other, in an order shuffled for each epoch, through a shuffle buffer. A data set smaller than
 * the buffer is shuffled as a whole.
 */
export class ShuffledEpochs implements EpochSource {
  private readonly shards: KeptShards;

  constructor(
    private readonly options: SourceOptions,
    private readonly limits = LIMITS,
  ) {
    this.shards = new KeptShards(options.dataset, limits.keptBytes);
  }

  get preparing(): number {
    return this.options.features?.preparing ?? 0;
  }

  epoch(number: number, from = 0): AsyncIterable<Loaded<Sample | FeatureSample>> {
    const { dataset, seed, putAside } = this.options;
    const source = random("order", seed, number);
    const shards = shuffle([...dataset.shards("train")], source);
    const learned = only(this.shards.read(shards), (id) => !putAside(id));
    return this.load(after(from, shuffled(learned, this.limits, source)));
  }

  validation(): AsyncIterable<Loaded<Sample | FeatureSample>> {
    const { dataset, putAside } = this.options;
    return this.load(only(this.shards.read(dataset.shards("train")), putAside));
  }

  private load(samples: AsyncIterable<ShardSample>): AsyncIterable<Loaded<Sample | FeatureSample>> {
    const { dataset, ahead, features } = this.options;
    return prefetch(samples, ahead, (sample) => features?.load(sample) ?? sample.load(dataset));
  }
}

async function* only(
  samples: AsyncIterable<ShardSample>,
  wanted: (id: string) => boolean,
): AsyncGenerator<ShardSample> {
  for await (const sample of samples) if (wanted(sample.id)) yield sample;
}

async function* after<T>(count: number, values: AsyncIterable<T>): AsyncGenerator<T> {
  let place = 0;
  for await (const value of values) if (place++ >= count) yield value;
}

/** Gives a random one of the samples in hand and takes the next in its place; then those that are left. */
async function* shuffled(
  samples: AsyncIterable<ShardSample>,
  limits: MemoryLimits,
  source: Random,
): AsyncGenerator<ShardSample> {
  const held: ShardSample[] = [];
  let bytes = 0;
  for await (const sample of samples) {
    held.push(sample);
    bytes += sample.encodedBytes;
    while (held.length > limits.shuffled || (bytes > limits.shuffledBytes && held.length > 1)) {
      const i = source.below(held.length);
      const given = held[i]!;
      held[i] = held.at(-1)!;
      held.pop();
      bytes -= given.encodedBytes;
      yield given;
    }
  }
  yield* shuffle(held, source);
}
