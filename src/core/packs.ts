import { createHash } from "node:crypto";
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  writevSync,
} from "node:fs";
import { dirname } from "node:path";
import { readInto } from "./files.js";
import type { Sha256 } from "./hash.js";
import { type PackPlace, PackTable } from "./pack-index.js";

const MAGIC = Buffer.from("PSB1");
/** magic, length (4 bytes, little endian), sha256 (32 bytes); the blob's bytes follow. */
export const RECORD_HEADER_BYTES = 4 + 4 + 32;
const READ_AHEAD = 1 << 20;

/** A record of a pack. `hash` is a view that is valid until the next record. */
export interface PackRecord extends PackPlace {
  readonly hash: Buffer;
  /** False for a record whose bytes do not match its hash; always true unless the scan verifies. */
  readonly intact: boolean;
  /** Offset of the byte after the record. */
  readonly end: number;
}

/**
 * The records of a pack, in file order, up to the first place where no whole record stands: a torn tail is not an
 * error. With `verify`, the bytes of each record are hashed.
 */
export function* scanPack(path: string, options: { readonly verify?: boolean } = {}): Generator<PackRecord> {
  const fd = openSync(path, "r");
  try {
    yield* scanRecords(fd, options.verify ?? false);
  } finally {
    closeSync(fd);
  }
}

function* scanRecords(fd: number, verify: boolean): Generator<PackRecord> {
  const { size } = fstatSync(fd);
  const reader = new ForwardReader(fd);
  for (let at = 0; at + RECORD_HEADER_BYTES <= size; ) {
    const header = reader.read(at, RECORD_HEADER_BYTES);
    if (header.length < RECORD_HEADER_BYTES || !header.subarray(0, 4).equals(MAGIC)) return;
    const length = header.readUInt32LE(4);
    const hash = Buffer.from(header.subarray(8, RECORD_HEADER_BYTES));
    const offset = at + RECORD_HEADER_BYTES;
    const end = offset + length;
    if (end > size) return;
    const intact = !verify || createHash("sha256").update(reader.read(offset, length)).digest().equals(hash);
    yield { hash, offset, length, intact, end };
    at = end;
  }
}

/** Reads a file front to back in large pieces. */
class ForwardReader {
  private buffer = Buffer.alloc(READ_AHEAD);
  private start = 0;
  private filled = 0;

  constructor(private readonly fd: number) {}

  /** `length` bytes from `at`, fewer at the end of the file. A view that is valid until the next call. */
  read(at: number, length: number): Buffer {
    if (at < this.start || at + length > this.start + this.filled) this.fill(at, length);
    return this.buffer.subarray(at - this.start, Math.min(at - this.start + length, this.filled));
  }

  private fill(at: number, length: number): void {
    if (length > this.buffer.length) this.buffer = Buffer.alloc(length);
    this.start = at;
    this.filled = 0;
    while (this.filled < this.buffer.length) {
      const got = readSync(
        this.fd,
        this.buffer,
        this.filled,
        this.buffer.length - this.filled,
        at + this.filled,
      );
      if (got === 0) return;
      this.filled += got;
    }
  }
}

/** Reads the bytes at a place of an open file, a blob's in a pack. @returns fewer bytes where the file is too short. */
export function readPlace(fd: number, place: PackPlace): Buffer {
  const bytes = Buffer.allocUnsafe(place.length);
  return bytes.subarray(0, readInto(fd, place.offset, bytes));
}

/**
 * Appends blobs to a pack. A pack that is there already is continued: a torn tail, left by a killed writer, is cut
 * off, and blobs whose bytes do not match are taken as absent. Not safe for two writers of one path.
 */
export class PackWriter {
  private readonly fd: number;
  private readonly table = new PackTable();
  private size = 0;

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    this.fd = openSync(path, "a+");
    for (const record of scanRecords(this.fd, true)) {
      if (record.intact) this.table.add(record.hash, record);
      this.size = record.end;
    }
    if (fstatSync(this.fd).size > this.size) ftruncateSync(this.fd, this.size);
  }

  /** Bytes written so far. */
  get bytes(): number {
    return this.size;
  }

  get count(): number {
    return this.table.count;
  }

  has(hash: Sha256): boolean {
    return this.table.has(Buffer.from(hash, "hex"));
  }

  /**
   * Appends a blob unless it is there. The caller vouches that `hash` is the sha256 of `bytes`.
   *
   * @throws the file system's error (a full disk); the pack then ends as it did before.
   */
  append(hash: Sha256, bytes: Uint8Array): void {
    this.appendAll([[hash, bytes]]);
  }

  /** The same for several, no two of one hash: small ones take less time together. */
  appendAll(blobs: Iterable<readonly [hash: Sha256, bytes: Uint8Array]>): void {
    const pieces: Uint8Array[] = [];
    const places: (PackPlace & { readonly key: Buffer })[] = [];
    let end = this.size;
    for (const [hash, bytes] of blobs) {
      const key = Buffer.from(hash, "hex");
      if (key.length !== 32) throw new TypeError(`not a sha256: ${JSON.stringify(hash)}`);
      if (this.table.has(key)) continue;
      const header = Buffer.allocUnsafe(RECORD_HEADER_BYTES);
      MAGIC.copy(header);
      header.writeUInt32LE(bytes.length, 4);
      key.copy(header, 8);
      pieces.push(header, bytes);
      places.push({ key, offset: end + RECORD_HEADER_BYTES, length: bytes.length });
      end += RECORD_HEADER_BYTES + bytes.length;
    }
    this.write(pieces);
    for (const place of places) this.table.add(place.key, place);
    this.size = end;
  }

  /** Puts what was appended on the disk. */
  sync(): void {
    fsyncSync(this.fd);
  }

  /** The bytes of the pack's index file. */
  encodeIndex(): Buffer {
    return this.table.encode(this.size);
  }

  close(): void {
    closeSync(this.fd);
  }

  private write(pieces: Uint8Array[]): void {
    let next = 0;
    try {
      while (next < pieces.length) {
        let done = writevSync(this.fd, next === 0 ? pieces : pieces.slice(next));
        for (; next < pieces.length && done >= pieces[next]!.length; next++) done -= pieces[next]!.length;
        if (next < pieces.length) pieces[next] = pieces[next]!.subarray(done);
      }
    } catch (error) {
      ftruncateSync(this.fd, this.size);
      throw error;
    }
  }
}
