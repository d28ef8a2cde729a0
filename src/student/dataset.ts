import { readFileSync } from "node:fs";
import { type InputArtifact, StageError } from "../contract/stage.js";
import { type Sha256, sha256FileSync } from "../core/hash.js";
import type { Size } from "./network.js";
import { decodePixels } from "./pixels.js";
import { prefetch } from "./prefetch.js";
import { type EncodedSample, readShard, type SparseTargets } from "./shards.js";

export type Split = "train" | "holdout";

/** A sample ready for a network. */
export interface Sample {
  readonly id: string;
  /** RGB bytes, [height, width, 3]. */
  readonly pixels: Uint8Array;
  readonly labels: SparseTargets;
}

/** A sample in the place of whose pixels stands what the frozen part of a network makes of them. */
export interface FeatureSample extends Omit<Sample, "pixels"> {
  readonly features: Float32Array;
}

/** A sample, or why there is none: its picture cannot be decoded. */
export type Loaded<S = Sample> = S | { readonly id: string; readonly broken: string };

/** Samples decoded ahead of the reader: sharp works on its own threads while the engine computes. */
const AHEAD = 32;

/** The artifact that pack makes: WebDataset shards beside their description. */
export class Dataset {
  readonly size: Size;
  /** Names by output unit. */
  readonly tags: readonly string[];
  readonly counts: Readonly<Record<Split, number>>;

  constructor(private readonly artifact: InputArtifact) {
    const about = this.json("dataset.json") as { size: Size; counts: Record<Split, number> };
    this.size = about.size;
    this.counts = about.counts;
    this.tags = this.json("tags.json") as string[];
  }

  /** Names of a split's shards, sorted. */
  shards(split: Split): readonly string[] {
    return this.artifact.files.filter((name) => name.startsWith(`shards/${split}-`));
  }

  /** sha256 of a shard's bytes. */
  hash(shard: string): Sha256 {
    return sha256FileSync(this.artifact.path(shard));
  }

  /** A shard's samples, not decoded, in its order. @throws StageError for a damaged shard. */
  read(shard: string): AsyncGenerator<EncodedSample> {
    return readShard(this.artifact.path(shard), shard);
  }

  /**
   * A split's samples in the order of the shards. Pictures that cannot be decoded go to `onBroken` instead.
   *
   * @throws StageError for a damaged shard, and for a broken picture where nobody listens.
   */
  async *samples(split: Split, onBroken: BrokenSample = refuse): AsyncGenerator<Sample> {
    for await (const sample of prefetch(this.encoded(split), AHEAD, (encoded) => this.decode(encoded))) {
      if ("broken" in sample) onBroken(sample.id, sample.broken);
      else yield sample;
    }
  }

  async decode({ id, picture, labels }: Omit<EncodedSample, "file">): Promise<Loaded> {
    try {
      return { id, labels, pixels: await decodePixels(picture, this.size) };
    } catch (error) {
      return { id, broken: (error as Error).message };
    }
  }

  private async *encoded(split: Split): AsyncGenerator<EncodedSample> {
    for (const shard of this.shards(split)) yield* this.read(shard);
  }

  private json(name: string): unknown {
    return JSON.parse(readFileSync(this.artifact.path(name), "utf8"));
  }
}

function refuse(id: string, reason: string): never {
  throw new StageError(`the picture ${id} of the data set cannot be decoded: ${reason}`, {
    class: "bad-picture",
  });
}

type BrokenSample = (id: string, reason: string) => void;

/** Sparse targets as a vector of `tags` scores: a tag the teacher did not return counts as 0 (the seed's rule). */
export function denseTargets(labels: SparseTargets, into: Float32Array): void {
  into.fill(0);
  for (const [position, score] of labels) if (position < into.length) into[position] = score;
}
