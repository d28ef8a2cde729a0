import { createWriteStream, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { pack } from "tar-stream";
import type { InputArtifact } from "../../src/contract/stage.js";
import { Duck, sqlString } from "../../src/core/duck.js";
import { random } from "../../src/student/random.js";

export const TAGS = ["bright", "red", "green", "blue"];

export interface DataOptions {
  readonly train: number;
  readonly side?: number;
  readonly shards?: number;
  /** Numbers of samples whose picture is no picture. */
  readonly broken?: readonly number[];
  /** Writes samples.parquet too. */
  readonly table?: boolean;
}

/**
 * Writes a data set as pack does: pictures of one noisy colour, whose tags say which. A few are held out.
 *
 * @returns the folder's files by name, for an InputArtifact
 */
export async function writeData(folder: string, options: DataOptions): Promise<Record<string, string>> {
  const { train, side = 16, shards = 3, broken = [] } = options;
  mkdirSync(join(folder, "shards"), { recursive: true });
  const holdout = 5;
  for (let shard = 0; shard < shards; shard++) {
    const numbers = Array.from({ length: train }, (_, i) => i).filter((i) => i % shards === shard);
    await writeShard(join(folder, `shards/train-${shard}.tar`), numbers, side, broken);
  }
  const held = Array.from({ length: holdout }, (_, i) => train + i);
  await writeShard(join(folder, "shards/holdout-0.tar"), held, side, broken);
  const about = { size: { width: side, height: side }, counts: { train, holdout }, tags: TAGS.length };
  writeFileSync(join(folder, "dataset.json"), JSON.stringify(about));
  writeFileSync(join(folder, "tags.json"), JSON.stringify(TAGS));
  if (options.table) await writeTable(folder, train, holdout);
  return dataFiles(folder);
}

export function dataFiles(folder: string): Record<string, string> {
  const names = [
    ...readdirSync(folder).filter((name) => name !== "shards"),
    ...readdirSync(join(folder, "shards")).map((n) => `shards/${n}`),
  ];
  return Object.fromEntries(names.sort().map((name) => [name, join(folder, name)]));
}

export function artifactOf(files: Record<string, string>): InputArtifact {
  return { hash: "0", files: Object.keys(files), path: (name) => files[name]! };
}

async function writeTable(folder: string, train: number, holdout: number): Promise<void> {
  const duck = await Duck.open({ scratch: folder });
  try {
    await duck.run(
      "CREATE TABLE sample (id VARCHAR, split VARCHAR, labels STRUCT(position BIGINT, score DOUBLE)[])",
    );
    for (let i = 0; i < train + holdout; i++) {
      const labels = scene(i, 1).labels.map(
        ([position, score]) => `{position: ${position}, score: ${score}}`,
      );
      const split = i < train ? "train" : "holdout";
      await duck.run(`INSERT INTO sample VALUES ('image ${i}', '${split}', [${labels}])`);
    }
    await duck.run(`COPY sample TO ${sqlString(join(folder, "samples.parquet"))} (FORMAT parquet)`);
  } finally {
    duck.close();
  }
}

async function writeShard(
  path: string,
  numbers: readonly number[],
  side: number,
  broken: readonly number[],
): Promise<void> {
  const tar = pack();
  const written = new Promise<void>((resolve) => tar.pipe(createWriteStream(path)).on("close", resolve));
  for (const number of numbers) {
    const { rgb, labels } = scene(number, side);
    const raw = { width: side, height: side, channels: 3 as const };
    const picture = broken.includes(number)
      ? Buffer.from("no picture")
      : await sharp(rgb, { raw }).png().toBuffer();
    tar.entry({ name: `k${number}.png` }, picture);
    tar.entry({ name: `k${number}.json` }, JSON.stringify({ id: `image ${number}`, labels }));
  }
  tar.finalize();
  await written;
}

/** A picture whose strongest channel and brightness are its tags. */
export function scene(number: number, side: number): { rgb: Uint8Array; labels: [number, number][] } {
  const source = random("scene", number);
  const colour = [source.next(), source.next(), source.next()].map((v) => v * 200);
  const rgb = new Uint8Array(side * side * 3);
  for (let i = 0; i < rgb.length; i++) rgb[i] = colour[i % 3]! + source.next() * 50;
  const strongest = colour.indexOf(Math.max(...colour));
  const labels: [number, number][] = [[strongest + 1, 0.9]];
  if (colour[0]! + colour[1]! + colour[2]! > 300) labels.unshift([0, 0.8]);
  return { rgb, labels };
}
