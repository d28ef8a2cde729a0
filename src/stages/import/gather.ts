import { resolve } from "node:path";
import { type StageContext, StageError } from "../../contract/stage.js";
import { sha256 } from "../../core/hash.js";
import type { PackWriter } from "../../core/packs.js";
import { sharp } from "../../core/sharp.js";
import { readSeedFile, type SeedImage } from "../../student/seed-file.js";
import type { LineFile } from "../line-file.js";
import { dataFiles } from "./files.js";
import type { Params } from "./schema.js";

/** What the data files hold, row by row: tables as pack wants them, and what could not be taken. */
export interface Lines {
  readonly images: LineFile;
  readonly labels: LineFile;
  readonly failures: LineFile;
}

/** Failures that the note at the end tells. */
const EXAMPLES = 3;

/**
 * Reads the data files one after the other: memory holds one. An image's id is its file's relative path without ending,
 * and its number where a file holds several.
 *
 * @returns how many images were taken and how many files and images were set aside
 * @throws StageError where nothing could be taken
 */
export async function gather(
  context: StageContext,
  params: Params,
  tags: readonly string[],
  lines: Lines,
  pictures: PackWriter,
): Promise<{ readonly images: number; readonly failed: number }> {
  const files = await dataFiles(context.base, params);
  const counts = { images: 0, failed: 0 };
  const examples: string[] = [];
  const setAside = (id: string, failure: { readonly class: string; readonly detail: string }) => {
    lines.failures.add({ id, ...failure });
    counts.failed++;
    if (examples.length < EXAMPLES) examples.push(`${id}: ${failure.detail}`);
  };
  for (const [at, file] of files.entries()) {
    context.signal.throwIfAborted();
    context.progress(at, files.length, `${counts.images} images`);
    const stem = file.replace(/\.pkl(\.gz)?$/i, "");
    const images = await readFile(resolve(context.base, params.path, file));
    if (!Array.isArray(images)) {
      setAside(file, images as Exclude<typeof images, readonly SeedImage[]>);
      continue;
    }
    for (const [i, image] of images.entries()) {
      const id = images.length === 1 ? stem : `${stem}-${String(i).padStart(5, "0")}`;
      const problem = problemOf(image, tags.length);
      if (problem) setAside(id, problem);
      else {
        await take(id, image, tags, lines, pictures);
        counts.images++;
      }
    }
  }
  const told = `${examples.join("; ")}${counts.failed > EXAMPLES ? "; …" : ""}`;
  if (counts.images === 0) {
    throw new StageError(`none of ${files.length} files in ${params.path} could be taken: ${told}`, {
      class: "no-images",
    });
  }
  if (counts.failed > 0) context.note(`${counts.failed} files or images set aside: ${told}`);
  return counts;
}

/** The file's images, or why there are none. */
async function readFile(
  path: string,
): Promise<readonly SeedImage[] | { readonly class: string; readonly detail: string }> {
  try {
    return await readSeedFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (error instanceof StageError) return { class: error.options.class ?? "broken-file", detail: message };
    if (code === undefined) throw error;
    return { class: "unreadable-file", detail: message };
  }
}

function problemOf({ scores }: SeedImage, tags: number): { class: string; detail: string } | undefined {
  if (!scores) return { class: "no-scores", detail: "its y is None" };
  if (scores.length === tags) return undefined;
  return {
    class: "other-tags",
    detail: `it has scores of ${scores.length} tags, and the file of tags has ${tags}`,
  };
}

/** The picture goes into the scratch pack as PNG, which keeps every pixel as it was. */
async function take(
  id: string,
  { pixels, width, height, scores }: SeedImage,
  tags: readonly string[],
  lines: Lines,
  pictures: PackWriter,
): Promise<void> {
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const blob = sha256(png);
  pictures.append(blob, png);
  lines.images.add({ id, blob, format: "png", width, height });
  const labels = Array.from(scores ?? [], (score, position) => ({ tag: tags[position]!, score }));
  lines.labels.add({ id, labels: labels.filter(({ score }) => score > 0) });
}
