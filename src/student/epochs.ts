import type { BrokenSample, Dataset, Sample } from "./dataset.js";
import { type Random, random, shuffle } from "./random.js";
import type { EncodedSample, SparseTargets } from "./shards.js";
import type { PutAside } from "./validation.js";

/** The training split, in two parts: what is learned from, and what is put aside to judge epochs by. */
export interface EpochSource {
  /** The samples to learn from in an order of its own for each epoch, a function of (seed, epoch) alone. */
  epoch(number: number): AsyncIterable<Sample>;
  /** The samples put aside, in the order of the data set. */
  validation(): AsyncIterable<Sample>;
}

/** Where samples come from, and how. */
export interface SourceOptions {
  readonly dataset: Dataset;
  /** Of the order. */
  readonly seed: number;
  readonly putAside: PutAside;
  readonly onBroken: BrokenSample;
}

/** Up to this many bytes of decoded pixels are kept: 20,000 images at 64 pixels. */
const CACHE_BYTES = 256 * 2 ** 20;
/** Encoded samples in the shuffle buffer of a data set that is not kept: 2,048 × 20 KB ≈ 40 MB at 224 pixels. */
const SHUFFLE_BUFFER = 2048;

/**
 * A small data set is decoded once and shuffled as a whole. A larger one is read shard by shard in every epoch, in
 * a shuffled order of shards and through a shuffle buffer, so that memory does not grow with it.
 */
export function epochSource(options: SourceOptions): EpochSource {
  const { size, counts } = options.dataset;
  const fits = counts.train * size.width * size.height * 3 <= CACHE_BYTES;
  return fits ? new CachedEpochs(options) : new StreamedEpochs(options);
}

export class CachedEpochs implements EpochSource {
  private decoded: Decoded | undefined;

  constructor(private readonly options: SourceOptions) {}

  async *epoch(number: number): AsyncGenerator<Sample> {
    const { learned, sample } = await this.all();
    const order = Uint32Array.from(learned);
    for (const i of shuffle(order, random("order", this.options.seed, number))) yield sample(i);
  }

  async *validation(): AsyncGenerator<Sample> {
    const { aside, sample } = await this.all();
    for (const i of aside) yield sample(i);
  }

  private async all(): Promise<Decoded> {
    this.decoded ??= await decodeAll(this.options);
    return this.decoded;
  }
}

/** Every sample by number, and the numbers of both parts. */
interface Decoded {
  readonly learned: readonly number[];
  readonly aside: readonly number[];
  sample(number: number): Sample;
}

async function decodeAll({ dataset, putAside, onBroken }: SourceOptions): Promise<Decoded> {
  const length = dataset.size.width * dataset.size.height * 3;
  const pixels = new Uint8Array(dataset.counts.train * length);
  const abouts: { readonly id: string; readonly labels: SparseTargets }[] = [];
  const parts: { learned: number[]; aside: number[] } = { learned: [], aside: [] };
  for await (const { id, labels, pixels: picture } of dataset.samples("train", onBroken)) {
    pixels.set(picture, abouts.length * length);
    parts[putAside(id) ? "aside" : "learned"].push(abouts.length);
    abouts.push({ id, labels });
  }
  const sample = (i: number) => ({ ...abouts[i]!, pixels: pixels.subarray(i * length, (i + 1) * length) });
  return { ...parts, sample };
}

export class StreamedEpochs implements EpochSource {
  constructor(
    private readonly options: SourceOptions,
    private readonly buffer = SHUFFLE_BUFFER,
  ) {}

  async *epoch(number: number): AsyncGenerator<Sample> {
    const { dataset, seed, putAside, onBroken } = this.options;
    const source = random("order", seed, number);
    const shards = shuffle([...dataset.shards("train")], source);
    const learned = only(dataset.encoded(shards), (id) => !putAside(id));
    yield* dataset.decode(shuffled(learned, this.buffer, source), onBroken);
  }

  async *validation(): AsyncGenerator<Sample> {
    const { dataset, putAside, onBroken } = this.options;
    yield* dataset.decode(only(dataset.encoded(dataset.shards("train")), putAside), onBroken);
  }
}

async function* only(
  samples: AsyncIterable<EncodedSample>,
  wanted: (id: string) => boolean,
): AsyncGenerator<EncodedSample> {
  for await (const sample of samples) if (wanted(sample.id)) yield sample;
}

/** Gives a random one of the `size` samples in hand and takes the next in its place. */
async function* shuffled(
  samples: AsyncIterable<EncodedSample>,
  size: number,
  source: Random,
): AsyncGenerator<EncodedSample> {
  const held: EncodedSample[] = [];
  for await (const sample of samples) {
    if (held.length < size) {
      held.push(sample);
      continue;
    }
    const i = source.below(held.length);
    yield held[i]!;
    held[i] = sample;
  }
  yield* shuffle(held, source);
}
