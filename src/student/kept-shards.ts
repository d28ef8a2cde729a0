import type { Dataset, Loaded } from "./dataset.js";
import type { EncodedSample, SparseTargets } from "./shards.js";

/** A sample of a shard that remembers its pixels once it is decoded: while someone keeps it, that happens once. */
export class ShardSample {
  readonly id: string;
  readonly labels: SparseTargets;
  /** Where it stands: its shard, and which of its samples it is. */
  readonly shard: string;
  readonly index: number;
  /** Of its picture as it lies in the shard. */
  readonly encodedBytes: number;
  private picture: Buffer | undefined;
  private loaded: Loaded | undefined;

  constructor({ id, picture, labels }: EncodedSample, shard: string, index: number) {
    this.shard = shard;
    this.index = index;
    this.id = id;
    this.labels = labels;
    this.picture = picture;
    this.encodedBytes = picture.length;
  }

  async load(dataset: Dataset): Promise<Loaded> {
    if (this.loaded) return this.loaded;
    const { id, labels, picture } = this;
    this.loaded = await dataset.decode({ id, labels, picture: picture! });
    this.picture = undefined;
    return this.loaded;
  }
}

/**
 * Shards whose samples stay in memory after the first reading, decoded as they are used, as far as a budget reaches. The
 * rest are read anew each time. What is kept changes no order and no sample.
 */
export class KeptShards {
  private readonly kept = new Map<string, readonly ShardSample[]>();
  /** Samples that there is still room for. */
  private room: number;

  /** @param bytes of decoded pixels that may be kept */
  constructor(
    private readonly dataset: Dataset,
    bytes: number,
  ) {
    const { width, height } = dataset.size;
    this.room = Math.floor(bytes / (width * height * 3));
  }

  /** The samples of shards, one after the other. @throws StageError for a damaged shard. */
  async *read(shards: readonly string[]): AsyncGenerator<ShardSample> {
    for (const shard of shards) {
      const kept = this.kept.get(shard);
      if (kept) yield* kept;
      else yield* this.first(shard);
    }
  }

  private async *first(shard: string): AsyncGenerator<ShardSample> {
    let samples: ShardSample[] | undefined = [];
    let index = 0;
    for await (const encoded of this.dataset.read(shard)) {
      const sample = new ShardSample(encoded, shard, index++);
      if (samples && samples.length < this.room) samples.push(sample);
      else samples = undefined;
      yield sample;
    }
    if (!samples) return;
    this.room -= samples.length;
    this.kept.set(shard, samples);
  }
}
