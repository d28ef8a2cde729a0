import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { isLocked } from "./lock.js";

/** Work in progress, and its lock beside it, have names that are no engine's. */
export const PARTIAL = ".partial-";

/** Removes what installations left that were killed or failed; one that is under way keeps its own. @returns bytes */
export function removeLeftovers(root: string): number {
  if (!existsSync(root)) return 0;
  let bytes = 0;
  for (const name of readdirSync(root).filter((entry) => entry.startsWith(PARTIAL))) {
    const work = join(root, name.replace(/\.lock$/, ""));
    if (isLocked(`${work}.lock`)) continue;
    bytes += bytesIn(join(root, name));
    rmSync(join(root, name), { recursive: true, force: true });
  }
  return bytes;
}

/** Bytes of a file, or of all files below a folder; ones that go away meanwhile count for nothing. */
export function bytesIn(path: string): number {
  try {
    const found = statSync(path);
    if (!found.isDirectory()) return found.size;
    return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
  } catch {
    return 0;
  }
}
