import { closeSync, openSync } from "node:fs";
import { writeWhole } from "../../core/files.js";

/** A tar is made of blocks; a file's bytes fill their last one up with zeros. */
const BLOCK = 512;

/** Bytes gathered before they are written. */
const BUFFER = 1 << 20;

/** A ustar header without name, size and checksum: a plain file, mode 0644, no owner, no time (POSIX.1-1988). */
const HEADER = Buffer.alloc(BLOCK);
for (const [at, text] of [
  [100, "000644 "], // mode
  [108, "000000 "], // user
  [116, "000000 "], // group
  [136, "00000000000 "], // time
  [148, " ".repeat(8)], // checksum: while the sum is taken it counts as spaces
  [156, "0"], // a plain file
  [257, "ustar\x0000"], // format and version
  [329, "000000 "], // device
  [337, "000000 "],
] as const) {
  HEADER.write(text, at, "latin1");
}
const NAME_BYTES = 100;
const SIZE_AT = 124;
const SIZE_DIGITS = 11;
const CHECKSUM_AT = 148;
const HEADER_SUM = sumOf(HEADER, 0, BLOCK);

/**
 * Writes a tar of plain files whose bytes follow from their names and contents alone. Synchronous, a buffer at a time: a
 * stream for each file of some kilobytes costs several times what writing its bytes does.
 */
export class ShardWriter {
  private readonly buffer = Buffer.alloc(BUFFER);
  private used = 0;
  private fd: number | undefined;

  constructor(path: string) {
    this.fd = openSync(path, "w");
  }

  /**
   * Appends a file.
   *
   * @param name ASCII, at most 100 characters
   * @throws what writing met, e.g. a full disk; RangeError for a name or a size that a ustar header has no room for
   */
  add(name: string, bytes: Buffer): void {
    const size = `${bytes.length.toString(8).padStart(SIZE_DIGITS, "0")} `;
    if (name.length > NAME_BYTES || size.length > SIZE_DIGITS + 1) {
      throw new RangeError(`a tar has no room for ${name} of ${bytes.length} bytes`);
    }
    const header = Buffer.from(HEADER);
    header.write(name, 0, "latin1");
    header.write(size, SIZE_AT, "latin1");
    const sum = HEADER_SUM + sumOf(header, 0, name.length) + sumOf(header, SIZE_AT, SIZE_AT + size.length);
    header.write(`${sum.toString(8).padStart(6, "0")} \0`, CHECKSUM_AT, "latin1");
    this.append(header);
    this.append(bytes);
    const over = bytes.length % BLOCK;
    if (over > 0) this.append(Buffer.alloc(BLOCK - over));
  }

  /** Ends the tar. @throws what writing met */
  close(): void {
    this.append(Buffer.alloc(2 * BLOCK));
    this.flush();
    this.destroy();
  }

  /** Closes the file as it is. */
  destroy(): void {
    if (this.fd !== undefined) closeSync(this.fd);
    this.fd = undefined;
  }

  private append(bytes: Buffer): void {
    if (this.used + bytes.length > BUFFER) this.flush();
    if (bytes.length > BUFFER) this.write(bytes);
    else this.used += bytes.copy(this.buffer, this.used);
  }

  private flush(): void {
    this.write(this.buffer.subarray(0, this.used));
    this.used = 0;
  }

  private write(bytes: Uint8Array): void {
    if (this.fd === undefined) throw new Error("the tar is closed");
    writeWhole(this.fd, bytes);
  }
}

function sumOf(bytes: Uint8Array, from: number, to: number): number {
  let sum = 0;
  for (let at = from; at < to; at++) sum += bytes[at]!;
  return sum;
}
