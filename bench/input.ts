/**
 * Whether input starves the engine, and whether memory grows with the data set:
 * the share of time a training waits for batches (VGG16 at 64 and 224 pixels, vgg-small), and the peak memory of one over
 * 1,000, 5,000 and 20,000 images. Each figure comes from a process of its own, on the engine that `auto` takes.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { JsonObject } from "../src/core/json.js";
import { sharp } from "../src/core/sharp.js";
import { resolveEngine } from "../src/engine/resolve.js";
import { kindValidator, loadValidators } from "../src/runner/config/validators.js";
import { ShardWriter } from "../src/stages/pack/tar.js";
import { stage } from "../src/stages/train/run.js";
import { random } from "../src/student/random.js";
import { rigContext } from "../test/rigs/context.js";
import { dataFiles } from "../test/student/data.js";
import { mustRun } from "./measure.js";

const TAGS = 40;
/** Pictures that differ; the images of a data set repeat them under ids of their own. */
const PICTURES = 256;
const PER_SHARD = 1000;

interface Case {
  readonly name: string;
  readonly side: number;
  readonly images: number;
  readonly params: JsonObject;
}

const augmented = { flip: true, crop: 0.2, colour: 0.2 };
const vgg16 = { student: "vgg16", frozen_layers: 6, epochs: 1 };
const CASES: readonly Case[] = [
  { name: "vgg16, 64 px", side: 64, images: 640, params: { ...vgg16, batch: 8 } },
  { name: "vgg16, 64 px, augmented", side: 64, images: 640, params: { ...vgg16, ...augmented, batch: 8 } },
  { name: "vgg16, 224 px", side: 224, images: 64, params: { ...vgg16, batch: 4 } },
  { name: "vgg16, 224 px, augmented", side: 224, images: 64, params: { ...vgg16, ...augmented, batch: 4 } },
  { name: "vgg-small, 1,000 images", side: 64, images: 1000, params: { epochs: 2 } },
  { name: "vgg-small, 5,000 images", side: 64, images: 5000, params: { epochs: 2 } },
  { name: "vgg-small, 20,000 images", side: 64, images: 20_000, params: { epochs: 2 } },
];

/** Writes the training split of a data set, as pack does. */
async function writeData(folder: string, side: number, images: number): Promise<void> {
  mkdirSync(join(folder, "shards"), { recursive: true });
  const pictures = await Promise.all(Array.from({ length: PICTURES }, (_, i) => picture(i, side)));
  for (let first = 0, shard = 0; first < images; first += PER_SHARD, shard++) {
    const name = `train-${String(shard).padStart(5, "0")}.tar`;
    const tar = new ShardWriter(join(folder, "shards", name));
    for (let i = first; i < Math.min(images, first + PER_SHARD); i++) {
      await tar.add(`${i}.jpg`, pictures[i % PICTURES]!);
      await tar.add(
        `${i}.json`,
        Buffer.from(JSON.stringify({ id: `image ${i}`, labels: [[i % TAGS, 0.9]] })),
      );
    }
    await tar.close();
  }
  const about = { size: { width: side, height: side }, counts: { train: images, holdout: 0 } };
  writeFileSync(join(folder, "dataset.json"), JSON.stringify(about));
  writeFileSync(
    join(folder, "tags.json"),
    JSON.stringify(Array.from({ length: TAGS }, (_, i) => `tag ${i}`)),
  );
}

/** A JPEG of smooth noise, about as large as a photograph's: 3 KB at 64 pixels, 20 KB at 224. */
async function picture(number: number, side: number): Promise<Buffer> {
  const source = random("picture", number);
  const coarse = Math.round(side / 4);
  const noise = Uint8Array.from({ length: coarse * coarse * 3 }, () => source.below(256));
  const raw = { width: coarse, height: coarse, channels: 3 as const };
  return sharp(noise, { raw }).resize(side, side).jpeg({ quality: 90 }).toBuffer();
}

/** Trains in this process and prints its figures as JSON. */
async function trainHere(folder: string, params: JsonObject): Promise<void> {
  const { validate } = (await kindValidator(await loadValidators(), "train"))!;
  const filled = structuredClone(params) as JsonObject;
  if (!validate(filled)) throw new Error(JSON.stringify(validate.errors));
  const context = rigContext({
    with: filled,
    inputs: { data: dataFiles(folder) },
    seed: 5,
    impl: { engine: resolveEngine("auto") },
  });
  await stage.run(context);
  const peakMiB = process.resourceUsage().maxRSS / 1024;
  console.log(JSON.stringify({ ...context.figures, peakMiB }));
}

function compare(): void {
  console.log(`engine ${resolveEngine("auto")}`);
  for (const { name, side, images, params } of CASES) {
    const folder = mkdtempSync(join(tmpdir(), "pipestill-input-"));
    try {
      const self = fileURLToPath(import.meta.url);
      mustRun([process.execPath, self, "data", folder, String(side), String(images)], folder);
      const printed = mustRun([process.execPath, self, "train", folder, JSON.stringify(params)], folder);
      const figures = JSON.parse(printed.trim().split("\n").at(-1)!) as Record<string, number>;
      const speed = figures.images_per_second!.toFixed(1).padStart(7);
      const share = (figures.data_wait_share! * 100).toFixed(1).padStart(5);
      console.log(
        `  ${name.padEnd(26)} ${speed} images/s, waited ${share} %, peak ${figures.peakMiB!.toFixed(0)} MiB`,
      );
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }
}

const [verb, folder = "", ...rest] = process.argv.slice(2);
if (verb === "data") await writeData(folder, Number(rest[0]), Number(rest[1]));
else if (verb === "train") await trainHere(folder, JSON.parse(rest[0]!) as JsonObject);
else compare();
