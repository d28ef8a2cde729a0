import { createHash, hash as digest } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync, statSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { canonicalJson, type JsonObject } from "./json.js";

/** A lower-case hexadecimal sha256, 64 characters. */
export type Sha256 = string;

/** sha256 of bytes (a string counts as UTF-8). */
export function sha256(data: Uint8Array | string): Sha256 {
  return digest("sha256", data, "hex");
}

/** sha256 of the canonical JSON of a tagged record; the tag keeps preimages of different kinds apart. */
export function hashRecord(record: JsonObject & { readonly tag: string }): Sha256 {
  return sha256(canonicalJson(record));
}

/** Files up to this size are hashed synchronously, which is several times faster; larger ones leave the loop free. */
export const SYNC_HASH_BYTES = 4 << 20;

/** sha256 of a file of any size. @throws the file system's error. */
export async function sha256File(path: string): Promise<Sha256> {
  if (statSync(path).size <= SYNC_HASH_BYTES) return sha256FileSync(path);
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/**
 * sha256 of a file, read synchronously: several times faster than streaming for small files.
 *
 * @param size bytes it is known to have: its end is not looked for
 */
export function sha256FileSync(
  path: string,
  buffer = Buffer.allocUnsafe(1 << 20),
  size = Number.POSITIVE_INFINITY,
): Sha256 {
  const fd = openSync(path, "r");
  try {
    let got = readSync(fd, buffer, 0, buffer.length, null);
    if (got >= size) return sha256(buffer.subarray(0, got));
    const hash = createHash("sha256");
    for (; got > 0; got = readSync(fd, buffer, 0, buffer.length, null)) hash.update(buffer.subarray(0, got));
    return hash.digest("hex");
  } finally {
    closeSync(fd);
  }
}
