import { mkdirSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename, extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { StageError } from "../../contract/stage.js";
import { pickleArrays } from "../../core/pickle/write.js";
import type { Dataset, Split } from "../dataset.js";
import { prefetch } from "../prefetch.js";
import type { EncodedSample } from "../shards.js";

/** Files made at once: compression runs on Node's threads. */
const AHEAD = 8;

const zip = promisify(gzip);

/** Where each side of the split goes; the seed trains on all files of `dataset`. */
const FOLDERS: Readonly<Record<Split, string>> = { train: "dataset", holdout: "holdout" };

/**
 * Writes a data set as keras-distillation reads it: a file for each picture, dataset/<key>.pkl, holding
 * gzip(pickle((X, y))), X [height, width, 3] as float32 from 0 to 1, y [tags] as float64; and tag_index.json, which gives
 * each tag its place in y. What is held out goes to holdout/.
 *
 * @throws StageError for a picture that cannot be decoded
 */
export async function exportSeedFiles(
  data: Dataset,
  folder: string,
  onShard: (shard: string) => void,
): Promise<Readonly<Record<Split, number>>> {
  const index = Object.fromEntries(data.tags.map((tag, position) => [tag, position]));
  const counts = { train: 0, holdout: 0 };
  for (const split of ["train", "holdout"] as const) {
    const into = join(folder, FOLDERS[split]);
    mkdirSync(into, { recursive: true });
    for (const shard of data.shards(split)) {
      for await (const _ of prefetch(data.read(shard), AHEAD, (sample) =>
        writeSeedFile(data, sample, into),
      )) {
        counts[split]++;
      }
      onShard(shard);
    }
  }
  writeFileSync(join(folder, "tag_index.json"), `${JSON.stringify(index, null, 2)}\n`);
  return counts;
}

async function writeSeedFile(data: Dataset, sample: EncodedSample, folder: string): Promise<void> {
  const decoded = await data.decode(sample);
  if ("broken" in decoded) {
    throw new StageError(`the picture ${sample.id} of the data set cannot be decoded: ${decoded.broken}`, {
      class: "bad-picture",
    });
  }
  const { width, height } = data.size;
  const pixels = Float32Array.from(decoded.pixels, (level) => level / 255);
  const scores = new Float64Array(data.tags.length);
  for (const [position, score] of decoded.labels) scores[position] = score;
  const pickled = pickleArrays(
    { code: "f4", shape: [height, width, 3], bytes: new Uint8Array(pixels.buffer) },
    { code: "f8", shape: [scores.length], bytes: new Uint8Array(scores.buffer) },
  );
  const key = basename(sample.file, extname(sample.file));
  await writeFile(join(folder, `${key}.pkl`), await zip(pickled));
}
