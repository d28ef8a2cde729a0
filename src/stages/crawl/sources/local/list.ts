import * as fs from "node:fs";
import { extname, join, resolve } from "node:path";
import glob from "fast-glob";
import type { ListContext, ListedItem } from "../../../../contract/kind.js";
import { StageError } from "../../../../contract/stage.js";
import { sha256 } from "../../../../core/hash.js";
import type { LocalSource } from "../../schema.js";
import { withoutLoops } from "./folders.js";

/** The identity and rights of a file nobody said anything about: where it is. */
const UNKNOWN = { page_url: null, author: null, license: null, license_url: null, attribution: null };

/**
 * The files below a folder whose names fit, by path. What fits but is no readable file is warned of and left out: a
 * listing opens regular files only, since a pipe would keep it waiting for ever.
 *
 * @throws StageError where the folder itself is missing or no folder
 */
export async function* list(context: ListContext): AsyncGenerator<ListedItem> {
  const source = context.with.source as LocalSource;
  const root = resolve(context.base, source.path);
  checkFolder(root, source.path);
  for (const name of await find(root, source, context.warn)) {
    const locator = join(root, name);
    try {
      const input = await context.hashFile(locator);
      yield { id: idOf(name), input, locator, columns: { source_url: name, ...UNKNOWN } };
    } catch (error) {
      context.warn(`left out ${name}: ${reason(error)}`);
    }
  }
}

/** Relative paths of the files, sorted by code unit. */
async function find(root: string, source: LocalSource, warn: (message: string) => void): Promise<string[]> {
  const entries = glob.stream([...source.patterns], {
    cwd: root,
    ignore: [...source.ignore],
    caseSensitiveMatch: false,
    followSymbolicLinks: source.follow_symlinks,
    onlyFiles: false,
    objectMode: true,
    // One pattern meets each file once; finding out costs memory for every name.
    unique: source.patterns.length > 1,
    fs: { readdir: withoutLoops(root, source.follow_symlinks, warn) },
  });
  const found: string[] = [];
  for await (const entry of entries as AsyncIterable<glob.Entry>) {
    const problem = entry.dirent.isFile() ? undefined : await problemOf(entry, join(root, entry.path));
    if (problem === undefined) found.push(entry.path);
    else if (problem !== "folder") warn(`left out ${entry.path}: ${problem}`);
  }
  return found.sort();
}

/** 128 bits of the relative path's sha256: the same on every machine that has the folder. */
function idOf(relativePath: string): string {
  return sha256(relativePath).slice(0, 32);
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

/** Why an entry that is no plain file is no file to read; folders met in passing ("folder") are nothing to speak of. */
async function problemOf(entry: glob.Entry, path: string): Promise<string | undefined> {
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
