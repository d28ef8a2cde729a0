import type { BrokenSample, Dataset, Sample } from "./dataset.js";
import { type Random, random, shuffle } from "./random.js";
import type { EncodedSample, SparseTargets } from "./shards.js";

/** Gives the training samples in an order of its own for each epoch, a function of (seed, epoch) alone. */
export interface EpochSource {
  epoch(number: number): AsyncIterable<Sample>;
}

/** Up to this many bytes of decoded pixels are kept: 20,000 images at 64 pixels. */
const CACHE_BYTES = 256 * 2 ** 20;
/** Encoded samples in the shuffle buffer of a data set that is not kept: 2,048 × 20 KB ≈ 40 MB at 224 pixels. */
const SHUFFLE_BUFFER = 2048;

/**
 * A small data set is decoded once and shuffled as a whole. A larger one is read shard by shard in every epoch, in
 * a shuffled order of shards and through a shuffle buffer, so that memory does not grow with it.
 */
export function epochSource(dataset: Dataset, seed: number, onBroken: BrokenSample): EpochSource {
  const { width, height } = dataset.size;
  const fits = dataset.counts.train * width * height * 3 <= CACHE_BYTES;
  return fits ? new CachedEpochs(dataset, seed, onBroken) : new StreamedEpochs(dataset, seed, onBroken);
}

export class CachedEpochs implements EpochSource {
  private readonly ids: string[] = [];
  private readonly labels: SparseTargets[] = [];
  private pixels: Uint8Array | undefined;

  constructor(
    private readonly dataset: Dataset,
    private readonly seed: number,
    private readonly onBroken: BrokenSample,
  ) {}

  async *epoch(number: number): AsyncGenerator<Sample> {
    const pixels = this.pixels ?? (await this.fill());
    const length = this.dataset.size.width * this.dataset.size.height * 3;
    const order = Uint32Array.from(this.ids.keys());
    for (const i of shuffle(order, random("order", this.seed, number))) {
      yield {
        id: this.ids[i]!,
        labels: this.labels[i]!,
        pixels: pixels.subarray(i * length, (i + 1) * length),
      };
    }
  }

  private async fill(): Promise<Uint8Array> {
    const length = this.dataset.size.width * this.dataset.size.height * 3;
    const pixels = new Uint8Array(this.dataset.counts.train * length);
    for await (const sample of this.dataset.samples("train", this.onBroken)) {
      pixels.set(sample.pixels, this.ids.length * length);
      this.ids.push(sample.id);
      this.labels.push(sample.labels);
    }
    this.pixels = pixels;
    return pixels;
  }
}

export class StreamedEpochs implements EpochSource {
  constructor(
    private readonly dataset: Dataset,
    private readonly seed: number,
    private readonly onBroken: BrokenSample,
    private readonly buffer = SHUFFLE_BUFFER,
  ) {}

  async *epoch(number: number): AsyncGenerator<Sample> {
    const source = random("order", this.seed, number);
    const shards = shuffle([...this.dataset.shards("train")], source);
    const mixed = shuffled(this.dataset.encoded(shards), this.buffer, source);
    yield* this.dataset.decode(mixed, this.onBroken);
  }
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
