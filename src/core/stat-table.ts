import { createHash } from "node:crypto";
import { closeSync, fstatSync, openSync } from "node:fs";
import { readInto } from "./files.js";
import { SortedRecords } from "./sorted-records.js";
import { KEY_BYTES, STATE_BYTES } from "./stat-state.js";

const KEY = KEY_BYTES;
const RECORD = KEY + STATE_BYTES + 32;
const MAGIC = Buffer.from("PSS2");
/** magic, record count (4), sha256 over all before it (32). */
const TRAILER = 4 + 4 + 32;

/** A record of the stat cache: keyOf its path, the file's state, the hash of its bytes. */
export type StatRecord = Buffer;

export function makeRecord(key: Buffer, state: Buffer, hash: Buffer): StatRecord {
  return Buffer.concat([key, state, hash], RECORD);
}

/** Records sorted by key, as they stand in a file: looked up where they stand, never unpacked. */
export class StatTable {
  private readonly sorted: SortedRecords;

  private constructor(
    private readonly records: Buffer,
    readonly count: number,
  ) {
    this.sorted = new SortedRecords(records, RECORD, count);
  }

  /** @returns undefined for a file that is no intact table, "gone" for one that is not there */
  static read(path: string): StatTable | undefined | "gone" {
    try {
      return StatTable.decode(readShared(path));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return "gone";
      throw error;
    }
  }

  static decode(bytes: Buffer): StatTable | undefined {
    const end = bytes.length - TRAILER;
    if (end < 0 || end % RECORD !== 0 || !bytes.subarray(end, end + 4).equals(MAGIC)) return undefined;
    if (bytes.readUInt32LE(end + 4) * RECORD !== end) return undefined;
    const sum = createHash("sha256")
      .update(bytes.subarray(0, end + 8))
      .digest();
    return sum.equals(bytes.subarray(end + 8)) ? new StatTable(bytes, end / RECORD) : undefined;
  }

  /** A table that another thread has read and found intact. */
  static over(memory: SharedArrayBuffer): StatTable {
    return new StatTable(Buffer.from(memory), (memory.byteLength - TRAILER) / RECORD);
  }

  /** A table of these records; their keys must differ. */
  static of(records: readonly StatRecord[]): StatTable {
    const sorted = records.toSorted((a, b) => a.compare(b, 0, KEY, 0, KEY));
    return StatTable.seal(Buffer.concat([...sorted, Buffer.alloc(TRAILER)]), sorted.length);
  }

  /** One table that holds what two held; of two records for a path the newer table's stays. */
  static merge(older: StatTable, newer: StatTable): StatTable {
    const out = Buffer.alloc((older.count + newer.count) * RECORD + TRAILER);
    let count = 0;
    for (let a = 0, b = 0; a < older.count || b < newer.count; count++) {
      const order = a >= older.count ? 1 : b >= newer.count ? -1 : older.compare(a, newer, b);
      const [from, at] = order < 0 ? [older, a] : [newer, b];
      from.records.copy(out, count * RECORD, at * RECORD, (at + 1) * RECORD);
      if (order <= 0) a++;
      if (order >= 0) b++;
    }
    return StatTable.seal(out.subarray(0, count * RECORD + TRAILER), count);
  }

  /** The bytes of its file. */
  get bytes(): Buffer {
    return this.records;
  }

  /** Its memory where other threads can look into it: that of a table that was read. */
  get shared(): SharedArrayBuffer | undefined {
    const { buffer } = this.records;
    return buffer instanceof SharedArrayBuffer ? buffer : undefined;
  }

  /**
   * The hash of a file's bytes, if the file is known in this state: a view of 32 bytes.
   *
   * @param at where its state stands among those of other files
   */
  find(key: Buffer, states: Buffer, at = 0): Buffer | undefined {
    const found = this.sorted.find(key);
    if (found < 0) return undefined;
    const stateAt = found * RECORD + KEY;
    const hashAt = stateAt + STATE_BYTES;
    const same = this.records.compare(states, at, at + STATE_BYTES, stateAt, hashAt) === 0;
    return same ? this.records.subarray(hashAt, hashAt + 32) : undefined;
  }

  private compare(a: number, other: StatTable, b: number): number {
    return this.records.compare(other.records, b * RECORD, b * RECORD + KEY, a * RECORD, a * RECORD + KEY);
  }

  private static seal(bytes: Buffer, count: number): StatTable {
    const end = count * RECORD;
    MAGIC.copy(bytes, end);
    bytes.writeUInt32LE(count, end + 4);
    createHash("sha256")
      .update(bytes.subarray(0, end + 8))
      .digest()
      .copy(bytes, end + 8);
    return new StatTable(bytes, count);
  }
}

/** A file's bytes in memory that threads share. */
function readShared(path: string): Buffer {
  const fd = openSync(path, "r");
  try {
    const bytes = Buffer.from(new SharedArrayBuffer(fstatSync(fd).size));
    return bytes.subarray(0, readInto(fd, 0, bytes));
  } finally {
    closeSync(fd);
  }
}
