import { createHash, hash as digest } from "node:crypto";
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
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

/** sha256 of a file, streamed. @throws the file system's error. */
export async function sha256File(path: string): Promise<Sha256> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path, { highWaterMark: 1 << 20 }), hash);
  return hash.digest("hex");
}

/** sha256 of a file, read synchronously: several times faster than streaming for small files. */
export function sha256FileSync(path: string, buffer = Buffer.allocUnsafe(1 << 20)): Sha256 {
  const hash = createHash("sha256");
  const fd = openSync(path, "r");
  try {
    for (;;) {
      const got = readSync(fd, buffer, 0, buffer.length, null);
      if (got === 0) return hash.digest("hex");
      hash.update(buffer.subarray(0, got));
    }
  } finally {
    closeSync(fd);
  }
}
