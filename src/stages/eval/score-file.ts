import { closeSync, openSync, rmSync } from "node:fs";
import { readInto, writeWhole } from "../../core/files.js";

/** Bytes read or written at once. */
const BLOCK_BYTES = 4 << 20;

/** Rows of float32 scores in a scratch file: written once, read back in order, never held (50,000 × 5,000 are 1 GB). */
export class ScoreFile {
  private readonly fd: number;
  private readonly block: Float32Array;
  private readonly blockRows: number;
  private pending = 0;
  private written = 0;

  /** @param columns scores in a row */
  constructor(
    private readonly path: string,
    private readonly columns: number,
  ) {
    this.fd = openSync(path, "w+");
    this.blockRows = Math.max(1, Math.floor(BLOCK_BYTES / (4 * columns)));
    this.block = new Float32Array(this.blockRows * columns);
  }

  append(row: Float32Array): void {
    this.block.set(row, this.pending * this.columns);
    if (++this.pending === this.blockRows) this.flush();
  }

  /** All rows in the order they came; a row's memory is used again for a later one. */
  *rows(): Generator<Float32Array> {
    this.flush();
    for (let at = 0; at < this.written; at += this.blockRows) {
      const count = Math.min(this.blockRows, this.written - at);
      const bytes = Buffer.from(this.block.buffer, 0, count * this.columns * 4);
      const got = readInto(this.fd, at * this.columns * 4, bytes);
      if (got < bytes.length) throw new Error(`${this.path} ended early`);
      for (let r = 0; r < count; r++) yield this.block.subarray(r * this.columns, (r + 1) * this.columns);
    }
  }

  /** Closes and removes the file. */
  close(): void {
    closeSync(this.fd);
    rmSync(this.path, { force: true });
  }

  private flush(): void {
    const bytes = Buffer.from(this.block.buffer, 0, this.pending * this.columns * 4);
    writeWhole(this.fd, bytes);
    this.written += this.pending;
    this.pending = 0;
  }
}
