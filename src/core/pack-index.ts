import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { SortedRecords } from "./sorted-records.js";

/** Where a blob's bytes stand in a pack. */
export interface PackPlace {
  readonly offset: number;
  readonly length: number;
}

const HASH = 32;
/** hash, offset (6 bytes, little endian), length (4 bytes). */
const RECORD = HASH + 6 + 4;
const MAGIC = Buffer.from("PSIX");
/** magic, record count (4), pack size (6), sha256 over all before it (32). */
const TRAILER = 4 + 4 + 6 + HASH;

/** The index of a pack being written or scanned: an open-addressed table in flat buffers, 50 bytes a blob. */
export class PackTable {
  private records = Buffer.alloc(64 * RECORD);
  private slots = new Int32Array(128).fill(-1);
  count = 0;

  has(hash: Uint8Array): boolean {
    return this.slots[this.slot(hash)] !== -1;
  }

  find(hash: Uint8Array): PackPlace | undefined {
    const at = (this.slots[this.slot(hash)] as number) * RECORD;
    return at < 0 ? undefined : placeAt(this.records, at);
  }

  /** Notes a blob; a hash that is there already keeps its first place. */
  add(hash: Uint8Array, place: PackPlace): void {
    const slot = this.slot(hash);
    if (this.slots[slot] !== -1) return;
    if ((this.count + 1) * RECORD > this.records.length) {
      this.records = Buffer.concat([this.records, Buffer.alloc(this.records.length)]);
    }
    const at = this.count * RECORD;
    this.records.set(hash, at);
    this.records.writeUIntLE(place.offset, at + HASH, 6);
    this.records.writeUInt32LE(place.length, at + HASH + 6);
    this.slots[slot] = this.count++;
    if (this.count * 2 > this.slots.length) this.grow();
  }

  /** The bytes of the index file: records sorted by hash, then the trailer. */
  encode(packSize: number): Buffer {
    const { records, count } = this;
    const prefixes = new Uint32Array(count);
    for (let i = 0; i < count; i++) prefixes[i] = records.readUInt32BE(i * RECORD);
    const order = new Uint32Array(count).map((_, i) => i);
    order.sort(
      (a, b) =>
        (prefixes[a] as number) - (prefixes[b] as number) ||
        records.compare(records, b * RECORD, b * RECORD + HASH, a * RECORD, a * RECORD + HASH),
    );
    const out = Buffer.alloc(count * RECORD + TRAILER);
    order.forEach((from, to) => {
      records.copy(out, to * RECORD, from * RECORD, (from + 1) * RECORD);
    });
    const end = count * RECORD;
    MAGIC.copy(out, end);
    out.writeUInt32LE(count, end + 4);
    out.writeUIntLE(packSize, end + 8, 6);
    createHash("sha256")
      .update(out.subarray(0, end + 14))
      .digest()
      .copy(out, end + 14);
    return out;
  }

  private slot(hash: Uint8Array): number {
    const mask = this.slots.length - 1;
    // A sha256 is uniform: any four bytes of it are a hash code.
    let slot = (hash[0]! | (hash[1]! << 8) | (hash[2]! << 16) | (hash[3]! << 24)) & mask;
    for (; this.slots[slot] !== -1; slot = (slot + 1) & mask) {
      const at = (this.slots[slot] as number) * RECORD;
      if (this.records.compare(hash, 0, HASH, at, at + HASH) === 0) break;
    }
    return slot;
  }

  private grow(): void {
    this.slots = new Int32Array(this.slots.length * 2).fill(-1);
    for (let i = 0; i < this.count; i++) {
      this.slots[this.slot(this.records.subarray(i * RECORD, i * RECORD + HASH))] = i;
    }
  }
}

/** A pack's index as it stands in its file: looked up where it stands, never unpacked. */
export class PackIndex {
  private readonly sorted: SortedRecords;

  private constructor(
    private readonly records: Buffer,
    readonly count: number,
    /** The size the pack must have, bytes. */
    readonly packSize: number,
  ) {
    this.sorted = new SortedRecords(records, RECORD, count);
  }

  /** @returns undefined for bytes that are no intact index. */
  static decode(bytes: Buffer): PackIndex | undefined {
    const end = bytes.length - TRAILER;
    if (end < 0 || end % RECORD !== 0 || !bytes.subarray(end, end + 4).equals(MAGIC)) return undefined;
    const count = bytes.readUInt32LE(end + 4);
    if (count * RECORD !== end) return undefined;
    const sum = createHash("sha256")
      .update(bytes.subarray(0, end + 14))
      .digest();
    if (!sum.equals(bytes.subarray(end + 14))) return undefined;
    return new PackIndex(bytes.subarray(0, end), count, bytes.readUIntLE(end + 8, 6));
  }

  /** @returns undefined where the file is missing or broken. */
  static read(path: string): PackIndex | undefined {
    try {
      return PackIndex.decode(readFileSync(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  find(hash: Buffer): PackPlace | undefined {
    const at = this.sorted.find(hash);
    return at < 0 ? undefined : placeAt(this.records, at * RECORD);
  }

  /** All blobs, sorted by hash. The hash is a view that is valid until the next step. */
  *entries(): Generator<{ readonly hash: Buffer } & PackPlace> {
    for (let at = 0; at < this.records.length; at += RECORD) {
      yield { hash: this.records.subarray(at, at + HASH), ...placeAt(this.records, at) };
    }
  }
}

function placeAt(records: Buffer, at: number): PackPlace {
  return {
    offset: records.readUIntLE(at + HASH, 6),
    length: records.readUInt32LE(at + HASH + 6),
  };
}
