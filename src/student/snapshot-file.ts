import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync } from "node:fs";
import { readInto, replaceFile } from "../core/files.js";
import type { TensorSource } from "./tensor-file.js";

const FORMAT = "pipestill-snapshot/3";
/** sha256 in hexadecimal, at the end of the file: what it covers is written before all of it is known. */
const DIGEST_BYTES = 64;
const CHUNK_BYTES = 4 * 2 ** 20;

/**
 * Writes a snapshot: the line "pipestill-snapshot/3 <bytes of the header>", the header's JSON, tensors, the sha256 of all
 * that. One tensor is in memory at a time: a large student's snapshot is 2 GB. The file appears whole or not at all.
 */
export function writeSnapshot(path: string, header: object, tensors: Iterable<Uint8Array>): void {
  replaceFile(path, (write) => {
    const hash = createHash("sha256");
    const add = (bytes: Uint8Array) => {
      hash.update(bytes);
      write(bytes);
    };
    const json = Buffer.from(JSON.stringify(header));
    add(Buffer.from(`${FORMAT} ${json.length}\n`));
    add(json);
    for (const tensor of tensors) add(tensor);
    write(Buffer.from(hash.digest("hex")));
  });
}

/**
 * Checks a snapshot's bytes, then hands out its header and its tensors.
 *
 * @throws Error that says what is wrong with the file.
 */
export function readSnapshot<T>(path: string, use: (header: unknown, tensors: TensorSource) => T): T {
  const fd = openSync(path, "r");
  try {
    const end = fstatSync(fd).size - DIGEST_BYTES;
    const hash = createHash("sha256");
    for (let at = 0; at < end; at += CHUNK_BYTES)
      hash.update(bytesAt(fd, at, Math.min(CHUNK_BYTES, end - at)));
    if (end < 0 || bytesAt(fd, end, DIGEST_BYTES).toString("latin1") !== hash.digest("hex")) {
      throw new Error("its bytes do not match its checksum");
    }
    const line = bytesAt(fd, 0, Math.min(end, DIGEST_BYTES)).toString("latin1").split("\n", 1)[0]!;
    const [format, length] = line.split(" ");
    if (format !== FORMAT) throw new Error(`its format is ${format}, not ${FORMAT}`);
    const json = line.length + 1;
    const begin = json + Number(length);
    return use(JSON.parse(bytesAt(fd, json, Number(length)).toString()), {
      bytes: end - begin,
      read: (offset, bytes) => bytesAt(fd, begin + offset, bytes),
    });
  } finally {
    closeSync(fd);
  }
}

function bytesAt(fd: number, position: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe(length);
  if (readInto(fd, position, bytes) < length) throw new Error("it is cut off");
  return bytes;
}
