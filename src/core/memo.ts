import { readFileSync, statSync } from "node:fs";
import { writeFileAtomic } from "./files.js";
import { type Sha256, sha256FileSync } from "./hash.js";
import { isSha256, loosePath, memoPath } from "./layout.js";

/**
 * The blob remembered under a key, if the store still holds it undamaged: its file is as it was when it was remembered
 * (size, mtime, inode), or its bytes match its name. So what a stage reuses costs no reading, and bytes that somebody
 * changed are made again. Bytes that changed without a write (a failing disk) show where they are read.
 */
export function recall(root: string, kind: string, key: Sha256): Sha256 | undefined {
  const text = textOf(memoPath(root, kind, key));
  const blob = text === undefined ? undefined : memoBlob(text);
  if (text === undefined || blob === undefined) return undefined;
  const path = loosePath(root, blob);
  const state = stateOf(path);
  if (state === undefined) return undefined;
  return text === entry(blob, state) || sha256FileSync(path) === blob ? blob : undefined;
}

/**
 * Remembers a blob whose file was just put into the store.
 *
 * @throws TypeError unless `key` and `blob` are sha256 in hexadecimal
 */
export function remember(root: string, kind: string, key: Sha256, blob: Sha256): void {
  writeFileAtomic(memoPath(root, kind, key), entry(blob, stateOf(loosePath(root, blob)) ?? ""));
}

/** The blob that the text of a memo entry names. */
export function memoBlob(text: string): Sha256 | undefined {
  const [blob] = text.split("\n", 1);
  return isSha256(blob) ? blob : undefined;
}

const entry = (blob: Sha256, state: string) => `${blob}\n${state}\n`;

/** What changes when a file is written to or replaced; undefined where there is none. ctime is left out: a link under latest/ changes it. */
export function stateOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: true });
  return stats?.isFile() ? `${stats.size} ${stats.mtimeNs} ${stats.ino}` : undefined;
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
