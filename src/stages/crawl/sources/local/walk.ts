import * as fs from "node:fs";
import { extname, join } from "node:path";
import { finished } from "node:stream/promises";
import glob from "fast-glob";
import type { LocalSource } from "../../schema.js";
import { readingFolders } from "./folders.js";

/**
 * Finds the files below a folder whose names fit.
 *
 * @param found is called with each one's path relative to the root
 * @param warn is told what was left out, and why
 */
export async function walk(
  root: string,
  source: LocalSource,
  found: (path: string) => void,
  warn: (message: string) => void,
): Promise<void> {
  const others: glob.Entry[] = [];
  await entries(root, source, warn, (entry) => {
    if (entry.dirent.isFile()) found(entry.path);
    else others.push(entry);
  });
  for (const { path, dirent } of others) {
    const problem = await problemOf(dirent, path, join(root, path));
    if (problem === undefined) found(path);
    else if (problem !== "folder") warn(`left out ${path}: ${problem}`);
  }
}

/** Calls `each` with what fits. By event: a promise for each of 10,000 entries would take a fifth of the time. */
async function entries(
  root: string,
  source: LocalSource,
  warn: (message: string) => void,
  each: (entry: glob.Entry) => void,
): Promise<void> {
  const patterns = inBothForms(source.patterns);
  const stream = glob.stream(patterns, {
    cwd: root,
    ignore: inBothForms(source.ignore),
    caseSensitiveMatch: false,
    followSymbolicLinks: source.follow_symlinks,
    onlyFiles: false,
    objectMode: true,
    // One pattern meets each file once; finding out costs memory for every name.
    unique: patterns.length > 1,
    fs: { readdir: readingFolders(root, source.follow_symlinks, warn) },
  });
  stream.on("data", each);
  await finished(stream);
}

/** Letters with marks come as one character or as two (Unicode's NFC and NFD): a pattern means both. */
function inBothForms(patterns: readonly string[]): string[] {
  return [
    ...new Set(patterns.flatMap((pattern) => [pattern, pattern.normalize("NFC"), pattern.normalize("NFD")])),
  ];
}

type FileType = Pick<fs.Stats, "isFile" | "isDirectory" | "isSymbolicLink">;

/** Why an entry that is no plain file is no file to read; folders met in passing ("folder") are nothing to speak of. */
async function problemOf(dirent: FileType, name: string, path: string): Promise<string | undefined> {
  let found = dirent;
  if (found.isSymbolicLink()) {
    try {
      found = await fs.promises.stat(path);
    } catch (error) {
      return `it is a link to nothing readable (${reason(error)})`;
    }
    if (found.isFile()) return undefined;
  }
  if (found.isDirectory()) return extname(name) === "" ? "folder" : "it is a folder";
  return "it is no regular file";
}

export function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
