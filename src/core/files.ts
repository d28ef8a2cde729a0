import { randomBytes } from "node:crypto";
import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";

/** Writes all of some bytes to an open file: the system may take only a part of them at a time. */
export function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

/**
 * Reads bytes of an open file, from a place in it: the system may give only a part of them at a time.
 *
 * @returns how many were there: fewer than asked for where the file ends before
 */
export function readInto(fd: number, from: number, bytes: Uint8Array): number {
  let filled = 0;
  while (filled < bytes.length) {
    const got = readSync(fd, bytes, filled, bytes.length - filled, from + filled);
    if (got === 0) break;
    filled += got;
  }
  return filled;
}

/** Bytes of an open file, from a place in it. @throws where the file ends before them */
export function readWhole(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  fillFrom(fd, from, bytes);
  return bytes;
}

/** What is copied or looked through at a time. */
const PIECE = 2 ** 20;

/** Appends the bytes `from` to `to` of one open file to another, with little memory. */
export function copyRange(source: number, from: number, to: number, target: number): void {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE, to - from));
  for (let at = from; at < to; ) {
    const part = buffer.subarray(0, Math.min(buffer.length, to - at));
    fillFrom(source, at, part);
    writeWhole(target, part);
    at += part.length;
  }
}

function fillFrom(fd: number, from: number, bytes: Buffer): void {
  const filled = readInto(fd, from, bytes);
  if (filled < bytes.length)
    throw new Error(`the file ends at byte ${from + filled}, before what is read of it`);
}

/** Whether a file holds these bytes somewhere. */
export function fileMentions(path: string, bytes: Buffer): boolean {
  const fd = openSync(path, "r");
  const buffer = Buffer.allocUnsafe(PIECE);
  try {
    for (let at = 0; ; at += buffer.length - bytes.length + 1) {
      const filled = readInto(fd, at, buffer);
      if (buffer.subarray(0, filled).includes(bytes)) return true;
      if (filled < buffer.length) return false;
    }
  } finally {
    closeSync(fd);
  }
}

/** fsyncs a file or folder, so that what was written or renamed there survives a power cut. */
export function fsyncPath(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A path for a file that is renamed when it is whole; where that does not come about, gc removes it by its name. */
export function temporaryIn(folder: string): string {
  return join(folder, `.tmp-${process.pid}-${randomBytes(6).toString("hex")}`);
}

/** Writes a file so that readers see the old bytes or the new, never a part. */
export function writeFileAtomic(path: string, data: Uint8Array | string, mode = 0o644): void {
  replaceFile(path, (write) => write(typeof data === "string" ? Buffer.from(data) : data), mode);
}

/**
 * The same for a file that is written piece by piece: temporary file beside it, fsync, rename, fsync of the folder.
 * Where `fill` throws, the old bytes stay.
 */
export function replaceFile(
  path: string,
  fill: (write: (bytes: Uint8Array) => void) => void,
  mode = 0o644,
): void {
  const folder = dirname(path);
  mkdirSync(folder, { recursive: true });
  const temporary = temporaryIn(folder);
  const fd = openSync(temporary, "wx", mode);
  try {
    fill((bytes) => writeWhole(fd, bytes));
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  fsyncPath(folder);
}
