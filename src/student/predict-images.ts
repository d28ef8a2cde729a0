import { readFile, stat } from "node:fs/promises";
import fg from "fast-glob";
import { prefetch } from "./prefetch.js";

/** Files taken from a folder, whatever the case of their extension: pictures, and the seed's data files. */
const IN_FOLDERS = "**/*.{jpg,jpeg,jpe,png,webp,gif,avif,tif,tiff,pkl,pkl.gz}";
/** Images decoded ahead of the network. */
const AHEAD = 32;
/** Images predicted at once. */
const BATCH = 16;

/** Data files of the seed's format: pickled pictures. */
const PICKLED = /\.(pkl|pickle)(\.gz)?$/i;

/** What predicting needs of a student: scores in [0, 1], [images × tags], for RGB bytes [height, width, 3] each. */
export interface Predictor {
  predict(pixels: readonly Uint8Array[]): Promise<Float32Array>;
}

/** An image's scores, [tags], or why it has none. */
export type Prediction =
  | { readonly image: string; readonly ok: true; readonly scores: Float32Array }
  | { readonly image: string; readonly ok: false; readonly problem: string };

type Loaded = { image: string; pixels: Uint8Array } | { image: string; problem: string };

/**
 * The image files that arguments stand for, in the order of the arguments: a file is itself, a folder is the images in
 * it, anything else is a glob; what one argument gives is sorted by code unit. An argument that gives nothing comes
 * back as itself, so that reading it says what is wrong.
 */
export async function* expandImages(args: readonly string[]): AsyncGenerator<string> {
  for (const arg of args) {
    const found = await stat(arg).catch(() => undefined);
    const files = found ? await inPath(arg, found.isDirectory()) : await fg.glob(arg, { dot: false });
    if (files.length === 0) yield arg;
    else yield* files.sort();
  }
}

async function inPath(path: string, folder: boolean): Promise<string[]> {
  if (!folder) return [path];
  const files = await fg.glob(IN_FOLDERS, { cwd: path, caseSensitiveMatch: false });
  const prefix = path.endsWith("/") ? path : `${path}/`;
  return files.map((file) => prefix + file);
}

/**
 * Predicts images one after the other in their order, with a bounded number of files in memory. A broken image is a
 * result of its own, never an exception. A data file of the seed's format gives its pictures: the file's name for one,
 * `name[0]`, `name[1]` … for several.
 *
 * @param prepare turns an image file's bytes into RGB bytes of the student's size, as the pipeline's resize did
 */
export async function* predictImages(
  student: Predictor,
  images: AsyncIterable<string>,
  prepare: (bytes: Buffer) => Promise<Uint8Array>,
): AsyncGenerator<Prediction> {
  const load = async (image: string): Promise<Loaded[]> => {
    try {
      const found = await stat(image);
      if (found.isDirectory()) return [{ image, problem: "a folder without images in it" }];
      // Opening a pipe would wait for someone to write into it.
      if (!found.isFile()) return [{ image, problem: "not a regular file" }];
      if (PICKLED.test(image)) return await loadPickled(image, prepare);
      return [{ image, pixels: await prepare(await readFile(image)) }];
    } catch (error) {
      return [{ image, problem: problemOf(error as NodeJS.ErrnoException) }];
    }
  };
  let batch: Loaded[] = [];
  for await (const several of prefetch(images, AHEAD, load)) {
    for (const loaded of several) {
      batch.push(loaded);
      if (batch.length < BATCH) continue;
      yield* predictBatch(student, batch);
      batch = [];
    }
  }
  if (batch.length > 0) yield* predictBatch(student, batch);
}

async function loadPickled(file: string, prepare: (bytes: Buffer) => Promise<Uint8Array>): Promise<Loaded[]> {
  const { readSeedFile } = await import("./seed-file.js");
  const { sharp } = await import("../core/sharp.js");
  const pictures = await readSeedFile(file);
  const loaded: Loaded[] = [];
  for (const [i, { pixels, width, height }] of pictures.entries()) {
    const image = pictures.length === 1 ? file : `${file}[${i}]`;
    const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    loaded.push({ image, pixels: await prepare(png) });
  }
  return loaded;
}

async function* predictBatch(student: Predictor, batch: readonly Loaded[]): AsyncGenerator<Prediction> {
  const good = batch.filter((loaded) => "pixels" in loaded);
  const scores =
    good.length > 0 ? await student.predict(good.map(({ pixels }) => pixels)) : new Float32Array();
  const tags = scores.length / Math.max(1, good.length);
  let at = 0;
  for (const loaded of batch) {
    if ("problem" in loaded) {
      yield { image: loaded.image, ok: false, problem: loaded.problem };
      continue;
    }
    yield { image: loaded.image, ok: true, scores: scores.slice(at * tags, (at + 1) * tags) };
    at++;
  }
}

function problemOf(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "no such file";
  if (error.code === "EACCES") return "not readable: permission denied";
  return error.message;
}
