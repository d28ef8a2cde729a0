import { createHash, randomBytes } from "node:crypto";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import type { Json } from "../../core/json.js";

/** A name that no other process draws: for temporary files, segments, lock tokens. */
export function uniqueName(): string {
  return randomBytes(8).toString("hex");
}

/**
 * A name as one path component: safe characters stay, a name that had others gets a piece of its hash, so that two
 * names never meet.
 */
export function safeName(name: string): string {
  const safe = name
    .replace(/[^A-Za-z0-9._-]/g, "_")
    .replace(/^\./, "_")
    .slice(0, 120);
  if (safe === name && safe !== "") return safe;
  return `${safe}-${createHash("sha256").update(name).digest("hex").slice(0, 8)}`;
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes(String((error as NodeJS.ErrnoException).code));
}

/** The names in a folder, sorted by code unit; none where there is no folder. */
export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).sort();
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) return [];
    throw error;
  }
}

/** The text of a file; undefined where there is none. */
export function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT", "ENOTDIR")) return undefined;
    throw error;
  }
}

/** A text as JSON; undefined where it is none. */
export function parseJson(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return undefined;
  }
}

/** Moves a broken file out of use into the store's `damaged/` folder. @returns its new path */
export function moveToDamaged(root: string, path: string): string {
  const folder = join(root, "damaged");
  mkdirSync(folder, { recursive: true });
  let target = join(folder, basename(path));
  while (existsSync(target)) target = join(folder, `${basename(path)}.${uniqueName().slice(0, 4)}`);
  renameSync(path, target);
  return target;
}

/** Bytes of all files at or below a path, links not followed. */
export function bytesBelow(path: string): number {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (!stats) return 0;
  if (!stats.isDirectory()) return stats.size;
  return namesIn(path).reduce((sum, name) => sum + bytesBelow(join(path, name)), 0);
}

/** Removes a file or folder, however deep; what is gone already is no error. */
export function remove(path: string): void {
  // A host that has lost its runner may add a file meanwhile: then once more.
  rmSync(path, { recursive: true, force: true, maxRetries: 3, retryDelay: 50 });
}
