import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { extname, resolve } from "node:path";
import glob from "fast-glob";
import type { ListContext, ListedItem } from "../../../../contract/kind.js";
import { StageError } from "../../../../contract/stage.js";
import type { LocalSource } from "../../schema.js";
import { withoutLoops } from "./folders.js";

/** The identity and rights of a file nobody said anything about: where it is. */
const UNKNOWN = { page_url: null, author: null, license: null, license_url: null, attribution: null };

/**
 * The files below a folder whose names fit. What fits but is no readable file is warned of and left out: a listing
 * opens regular files only, since a pipe would keep it waiting for ever.
 *
 * @throws StageError where the folder itself is missing or no folder
 */
export async function* list(context: ListContext): AsyncGenerator<ListedItem> {
  const source = context.with.source as LocalSource;
  const root = resolve(context.base, source.path);
  checkFolder(root, source.path);
  const entries = glob.stream([...source.patterns], {
    cwd: root,
    ignore: [...source.ignore],
    caseSensitiveMatch: false,
    followSymbolicLinks: source.follow_symlinks,
    onlyFiles: false,
    objectMode: true,
    fs: { readdir: withoutLoops(root, source.follow_symlinks, context.warn) },
  });
  for await (const entry of entries as AsyncIterable<glob.Entry>) {
    const path = resolve(root, entry.path);
    const problem = await problemOf(entry, path);
    if (problem === "folder") continue;
    if (problem !== undefined) {
      context.warn(`left out ${entry.path}: ${problem}`);
      continue;
    }
    try {
      const input = await context.hashFile(path);
      yield { id: idOf(entry.path), input, locator: path, columns: { source_url: entry.path, ...UNKNOWN } };
    } catch (error) {
      context.warn(`left out ${entry.path}: ${reason(error)}`);
    }
  }
}

/** 128 bits of the relative path's sha256: the same on every machine that has the folder. */
function idOf(relativePath: string): string {
  return createHash("sha256").update(relativePath).digest("hex").slice(0, 32);
}

function checkFolder(root: string, asWritten: string): void {
  const found = fs.statSync(root, { throwIfNoEntry: false });
  if (found?.isDirectory()) return;
  throw new StageError(`the source's path ${asWritten} is ${found ? "no folder" : "not there"}`, {
    class: "no-folder",
    hint: "a relative path starts at the folder of the pipeline file",
  });
}

type FileType = Pick<fs.Stats, "isFile" | "isDirectory" | "isSymbolicLink">;

/** Why an entry is no file to read; folders met in passing ("folder") are nothing to speak of. */
async function problemOf(entry: glob.Entry, path: string): Promise<string | undefined> {
  if (entry.dirent.isFile()) return undefined;
  let found: FileType = entry.dirent;
  if (found.isSymbolicLink()) {
    try {
      found = await fs.promises.stat(path);
    } catch (error) {
      return `it is a link to nothing readable (${reason(error)})`;
    }
    if (found.isFile()) return undefined;
  }
  if (found.isDirectory()) return extname(entry.path) === "" ? "folder" : "it is a folder";
  return "it is no regular file";
}

function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
