import { closeSync, openSync, rmSync } from "node:fs";
import { fsyncPath, writeWhole } from "./files.js";

/** Lines are written in pieces of about this many characters: there are short lines by the million, and long ones. */
const PIECE = 1 << 18;

/** A text file written line by line. */
export class LineFile {
  private readonly fd: number;
  private lines: string[] = [];
  private length = 0;

  constructor(readonly path: string) {
    this.fd = openSync(path, "w");
  }

  add(line: string): void {
    this.lines.push(line);
    this.length += line.length + 1;
    if (this.length >= PIECE) this.flush();
  }

  /** Brings all lines so far into the file, where others may read them. */
  flush(): void {
    if (this.lines.length === 0) return;
    writeWhole(this.fd, Buffer.from(`${this.lines.join("\n")}\n`));
    this.lines = [];
    this.length = 0;
  }

  /** The file is on the disk from then on. */
  close(): void {
    this.flush();
    closeSync(this.fd);
    fsyncPath(this.path);
  }

  /** Closes and removes the file. */
  discard(): void {
    closeSync(this.fd);
    rmSync(this.path, { force: true });
  }
}
