import { statSync } from "node:fs";
import { resolve } from "node:path";
import { type StageContext, StageError } from "../../contract/stage.js";
import { sha256 } from "../../core/hash.js";
import type { PackWriter } from "../../core/packs.js";
import { sharp } from "../../core/sharp.js";
import { readSeedFile, type SeedImage } from "../../student/seed-file.js";
import type { RowFile } from "../row-file.js";
import { dataFiles } from "./files.js";
import type { Params } from "./schema.js";

/** What the data files hold, row by row: tables as pack wants them, and what could not be taken. */
export interface Lines {
  readonly images: RowFile;
  readonly labels: RowFile;
  readonly failures: RowFile;
}

/** Failures that the note at the end tells. */
const EXAMPLES = 3;

/** Files in hand at most, and their bytes as packed; a larger one is read alone. */
const BATCH = { files: 16, bytes: 32 << 20 } as const;

/**
 * Reads the data files a few at a time. An image's id is its file's relative path without ending,
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
  const setAside = ({ id, failure }: Refused) => {
    lines.failures.add({ id, ...failure });
    counts.failed++;
    if (examples.length < EXAMPLES) examples.push(`${id}: ${failure.detail}`);
  };
  let done = 0;
  for (const batch of batches(files, (file) => resolve(context.base, params.path, file))) {
    context.signal.throwIfAborted();
    context.progress(done, files.length, `${counts.images} images`);
    const read = await Promise.all(batch.map(({ name, path }) => readFile(name, path, tags)));
    for (const item of read.flat()) {
      if ("failure" in item) setAside(item);
      else {
        pictures.append(item.row.blob, item.png);
        lines.images.add(item.row);
        lines.labels.add({ id: item.row.id, labels: item.labels });
        counts.images++;
      }
    }
    done += batch.length;
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

interface DataFile {
  readonly name: string;
  readonly path: string;
}

/** Files that are read at once: their pictures are unpacked and encoded on Node's threads. */
function* batches(files: readonly string[], pathOf: (name: string) => string): Generator<DataFile[]> {
  let batch: DataFile[] = [];
  let bytes = 0;
  for (const name of files) {
    const path = pathOf(name);
    const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    if (batch.length > 0 && (batch.length === BATCH.files || bytes + size > BATCH.bytes)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ name, path });
    bytes += size;
  }
  yield batch;
}

interface Refused {
  readonly id: string;
  readonly failure: { readonly class: string; readonly detail: string };
}

interface Taken {
  readonly row: { id: string; blob: string; format: string; width: number; height: number };
  /** PNG keeps every pixel as it was. */
  readonly png: Buffer;
  readonly labels: readonly { readonly tag: string; readonly score: number }[];
}

/** A file's images, each taken or refused; of a file that cannot be read, the file. */
async function readFile(
  name: string,
  path: string,
  tags: readonly string[],
): Promise<readonly (Taken | Refused)[]> {
  let images: readonly SeedImage[];
  try {
    images = await readSeedFile(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!(error instanceof StageError) && code === undefined) throw error;
    const errorClass = error instanceof StageError ? error.options.class : undefined;
    return [{ id: name, failure: { class: errorClass ?? "unreadable-file", detail: message } }];
  }
  const stem = name.replace(/\.pkl(\.gz)?$/i, "");
  const results: (Taken | Refused)[] = [];
  for (const [i, image] of images.entries()) {
    const id = images.length === 1 ? stem : `${stem}-${String(i).padStart(5, "0")}`;
    const failure = problemOf(image, tags.length);
    results.push(failure ? { id, failure } : await take(id, image, tags));
  }
  return results;
}

function problemOf({ scores }: SeedImage, tags: number): Refused["failure"] | undefined {
  if (!scores) return { class: "no-scores", detail: "its y is None" };
  if (scores.length === tags) return undefined;
  return {
    class: "other-tags",
    detail: `it has scores of ${scores.length} tags, and the file of tags has ${tags}`,
  };
}

async function take(id: string, image: SeedImage, tags: readonly string[]): Promise<Taken> {
  const { pixels, width, height, scores } = image;
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const labels = Array.from(scores ?? [], (score, position) => ({ tag: tags[position]!, score }));
  return {
    row: { id, blob: sha256(png), format: "png", width, height },
    png,
    labels: labels.filter(({ score }) => score > 0),
  };
}
