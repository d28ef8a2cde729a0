import type { BigIntStats } from "node:fs";
import { fnv1a } from "./fnv.js";

/** size, mtime, ctime, inode: 8 bytes each. */
export const STATE_BYTES = 4 * 8;

/** Any odd number that is not FNV's own. */
const OTHER_PRIME = 0x5bd1e995;

/** Bytes of a key. */
export const KEY_BYTES = 8;

/**
 * What a file is remembered by: 64 bits of its path, FNV-1a and the same with another prime, each mixed by MurmurHash3's
 * finalizer. Two paths may share a key: the state tells their files apart, by inode and times to the nanosecond. A sha256 of each
 * path took a tenth of looking at a million files.
 *
 * @param into a buffer to be written over, for who looks at a million files
 */
export function keyOf(path: string, into: Buffer = Buffer.alloc(KEY_BYTES)): Buffer {
  into.writeUInt32BE(mixed(fnv1a(path)), 0);
  into.writeUInt32BE(mixed(fnv1a(path, OTHER_PRIME)), 4);
  return into;
}

function mixed(sum: number): number {
  let h = sum;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
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
