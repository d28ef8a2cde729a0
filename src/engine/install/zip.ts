import { createReadStream, createWriteStream } from "node:fs";
import { type FileHandle, mkdir, open, rename, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { crc32, createInflateRaw } from "node:zlib";
import { StageError } from "../../contract/stage.js";

/** A file in a zip archive (APPNOTE.TXT 4.3.12). */
export interface ZipEntry {
  readonly name: string;
  /** Bytes of the file, and of its data in the archive. */
  readonly size: number;
  readonly packed: number;
  readonly crc: number;
  readonly deflated: boolean;
  /** Where its local header starts. */
  readonly header: number;
}

const END_OF_DIRECTORY = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const END_SIZE = 22;
const LONGEST_COMMENT = 0xffff;

/**
 * The files of a zip archive of less than 4 GB, which a wheel is.
 *
 * @throws StageError for a file that is none, or one that was cut off
 */
export async function zipEntries(path: string): Promise<ZipEntry[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const tail = await read(file, Math.max(0, size - END_SIZE - LONGEST_COMMENT), size);
    let end = tail.length - END_SIZE;
    while (end >= 0 && tail.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
    if (end < 0) throw broken(path);
    const start = tail.readUInt32LE(end + 16);
    const length = tail.readUInt32LE(end + 12);
    if (start + length > size) throw broken(path);
    return entriesOf(await read(file, start, start + length), path);
  } finally {
    await file.close();
  }
}

function entriesOf(directory: Buffer, path: string): ZipEntry[] {
  const entries: ZipEntry[] = [];
  for (let at = 0; at < directory.length; ) {
    if (directory.readUInt32LE(at) !== DIRECTORY_ENTRY) throw broken(path);
    const nameLength = directory.readUInt16LE(at + 28);
    entries.push({
      name: directory.toString("utf8", at + 46, at + 46 + nameLength),
      deflated: directory.readUInt16LE(at + 10) === 8,
      crc: directory.readUInt32LE(at + 16),
      packed: directory.readUInt32LE(at + 20),
      size: directory.readUInt32LE(at + 24),
      header: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return entries;
}

/**
 * Takes a file out of an archive. A whole one of that size that is there already stays: an extraction that was cut off
 * goes on where it stopped.
 *
 * @throws StageError where the bytes are not those that were put in
 */
export async function extractEntry(
  archive: string,
  entry: ZipEntry,
  to: string,
  signal: AbortSignal,
  onBytes: (bytes: number) => void = () => {},
): Promise<void> {
  if ((await stat(to).catch(() => undefined))?.size === entry.size) return onBytes(entry.size);
  await mkdir(dirname(to), { recursive: true });
  const start = await dataStart(archive, entry);
  let [crc, size] = [0, 0];
  const check = new Transform({
    transform(chunk: Buffer, _, done) {
      crc = crc32(chunk, crc);
      size += chunk.length;
      onBytes(chunk.length);
      done(null, chunk);
    },
  });
  const part = `${to}.part`;
  if (entry.size > 0) {
    const packed = createReadStream(archive, {
      start,
      end: start + entry.packed - 1,
      highWaterMark: 1 << 20,
    });
    const unpack = entry.deflated ? [createInflateRaw({ chunkSize: 1 << 20 })] : [];
    await pipeline([packed, ...unpack, check, createWriteStream(part, { flush: true })], { signal });
  } else {
    await (await open(part, "w")).close();
  }
  if (size !== entry.size || crc !== entry.crc) throw broken(archive);
  await rename(part, to);
}

/** Behind the local header, whose lengths may differ from the directory's. */
async function dataStart(archive: string, { header }: ZipEntry): Promise<number> {
  const file = await open(archive);
  try {
    const local = await read(file, header, header + 30);
    return header + 30 + local.readUInt16LE(26) + local.readUInt16LE(28);
  } finally {
    await file.close();
  }
}

async function read(file: FileHandle, from: number, to: number): Promise<Buffer> {
  const buffer = Buffer.alloc(to - from);
  await file.read(buffer, 0, buffer.length, from);
  return buffer;
}

function broken(path: string): StageError {
  return new StageError(`${path} is no whole wheel`, {
    class: "bad-wheel",
    hint: "fetch it again",
  });
}
