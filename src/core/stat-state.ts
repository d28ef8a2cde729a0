import { hash as digest } from "node:crypto";
import type { BigIntStats } from "node:fs";

/** size, mtime, ctime, inode: 8 bytes each. */
export const STATE_BYTES = 4 * 8;

/** What a file is remembered by: sha256 of its path. */
export function keyOf(path: string): Buffer {
  return digest("sha256", path, "buffer");
}

/**
 * What tells, without reading a file, that it is as it was. In the machine's byte order: no other machine reads it.
 *
 * @param into four numbers to be written over, for who looks at a million files
 */
export function describe(stats: BigIntStats, into = new BigInt64Array(4)): Buffer {
  into[0] = stats.size;
  into[1] = stats.mtimeNs;
  into[2] = stats.ctimeNs;
  into[3] = stats.ino;
  return Buffer.from(into.buffer);
}
