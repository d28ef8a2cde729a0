import { closeSync, openSync } from "node:fs";
import { fsyncPath, writeWhole } from "../../core/files.js";

const LINES_AT_ONCE = 2000;

/** A text file written line by line in large pieces, on the disk when closed. */
export class LineFile {
  private readonly fd: number;
  private lines: string[] = [];

  constructor(private readonly path: string) {
    this.fd = openSync(path, "w");
  }

  add(line: string): void {
    this.lines.push(line);
    if (this.lines.length >= LINES_AT_ONCE) this.flush();
  }

  close(): void {
    this.flush();
    closeSync(this.fd);
    fsyncPath(this.path);
  }

  private flush(): void {
    if (this.lines.length === 0) return;
    const bytes = Buffer.from(`${this.lines.join("\n")}\n`);
    writeWhole(this.fd, bytes);
    this.lines = [];
  }
}
