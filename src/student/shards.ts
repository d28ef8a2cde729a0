import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-stream";
import { StageError } from "../contract/stage.js";

/** The teacher's scores of an image, sparse: [output unit, score]. */
export type SparseTargets = readonly (readonly [position: number, score: number])[];

/** Read at a time: dozens of samples, so that the reader seldom waits for the disk. */
const CHUNK_BYTES = 2 ** 20;

/** A sample as it lies in a shard. */
export interface EncodedSample {
  readonly id: string;
  /** Name of the picture's file in the shard: a form of the id that suits a file name. */
  readonly file: string;
  /** The bytes of a JPEG or PNG file. */
  readonly picture: Buffer;
  readonly labels: SparseTargets;
}

/**
 * Reads a WebDataset shard from start to end: `<key>.jpg` or `.png` beside `<key>.json`, in either order; the JSON
 * holds the id, of which the key is a form that suits a file name.
 *
 * @throws StageError for a file that is no such shard.
 */
export async function* readShard(path: string, name: string): AsyncGenerator<EncodedSample> {
  const tar = extract();
  const reading = pipeline(createReadStream(path, { highWaterMark: CHUNK_BYTES }), tar);
  reading.catch(() => {}); // Seen by the loop below, and awaited after it.
  let half:
    | { key: string; file?: string; picture?: Buffer; about?: { id: string; labels: SparseTargets } }
    | undefined;
  try {
    for await (const entry of tar) {
      const dot = entry.header.name.lastIndexOf(".");
      const key = entry.header.name.slice(0, dot);
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      const bytes = Buffer.concat(chunks);
      if (half?.key !== key) half = { key };
      if (entry.header.name.slice(dot) === ".json") half.about = JSON.parse(bytes.toString());
      else {
        half.picture = bytes;
        half.file = entry.header.name;
      }
      const { file, picture, about } = half;
      if (file !== undefined && picture && about) yield { id: about.id, file, picture, labels: about.labels };
    }
    await reading;
  } catch (error) {
    throw new StageError(`cannot read the shard ${name}: ${(error as Error).message}`, {
      class: "bad-shard",
      hint: "run `pipe verify`, or make the data set again with --force",
    });
  } finally {
    tar.destroy();
  }
}
