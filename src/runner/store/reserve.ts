import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { isOutOfSpace } from "../../core/errors.js";

/** Room for a lock and the like, as ext4 and tmpfs count: blocks of 4 KiB, and one place in the table of files. */
const BYTES = 64 << 10;

/** With less than this left, or fewer places for files, a disk is taken for full. */
const ROOM = 32 << 20;
const PLACES = 64;

/** Whether there is room for lists and tables that are needed for a while. */
export function hasRoom(root: string): boolean {
  const { bavail, bsize, files, ffree } = statfsSync(root);
  // Some file systems count no places: 0 of 0 are free.
  return bavail * bsize >= ROOM && (files === 0 || ffree >= PLACES);
}

function pathOf(root: string): string {
  return join(root, "scratch", "reserve");
}

/** Sees that the store holds a file whose only use is its room; on a disk without that much, does nothing. */
export function keepReserve(root: string): void {
  const path = pathOf(root);
  if (existsSync(path)) return;
  try {
    mkdirSync(dirname(path), { recursive: true });
    // Bytes that no file system can make smaller.
    writeFileSync(path, randomBytes(BYTES));
  } catch {
    rmSync(path, { force: true });
  }
}

/** Does what has to be possible on a full disk; if it is too full, once more after giving up the reserve. */
export async function withReserve<T>(root: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isOutOfSpace(error) || !existsSync(pathOf(root))) throw error;
    rmSync(pathOf(root), { force: true });
    return await work();
  }
}
