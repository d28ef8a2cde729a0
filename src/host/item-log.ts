import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { BlobValue } from "../contract/stage.js";
import { type ItemLine, TASK_FILES } from "../contract/task.js";
import { fsyncPath, writeFileAtomic, writeWhole } from "../core/files.js";
import { sha256, sha256FileSync } from "../core/hash.js";
import { LOOSE_FROM_BYTES } from "../core/layout.js";
import { PackWriter } from "../core/packs.js";
import type { Redactor } from "./redact.js";

/** Results wait at most this long, milliseconds, before they are written and fsynced together. */
const FLUSH_AFTER = 200;
const FLUSH_LINES = 2000;
/** Small blobs are written to the pack together, so many bytes at most. */
const FLUSH_BYTES = 1 << 20;

/** Keeps item results: blobs first, fsynced, then their lines, fsynced. A kill loses what was not flushed yet. */
export class ItemLog {
  private readonly fd: number;
  private readonly pack: PackWriter;
  private readonly blobs: string;
  private readonly index: string;
  private lines: string[] = [];
  /** Small blobs that are not in the pack yet. */
  private pending = new Map<string, Uint8Array>();
  private pendingBytes = 0;
  private readonly timer: NodeJS.Timeout;

  constructor(
    folder: string,
    private readonly redactor: Redactor,
  ) {
    this.blobs = join(folder, TASK_FILES.blobs);
    this.index = join(folder, TASK_FILES.index);
    this.pack = new PackWriter(join(folder, TASK_FILES.pack));
    this.fd = openSync(join(folder, TASK_FILES.items), "a");
    this.timer = setInterval(() => this.flush(), FLUSH_AFTER);
    this.timer.unref();
  }

  /** Keeps the bytes of a blob and gives its hash. */
  keep(value: BlobValue): string {
    if (value instanceof Uint8Array) {
      const hash = sha256(value);
      if (value.length < LOOSE_FROM_BYTES) {
        this.putOff(hash, value);
      } else if (!existsSync(join(this.blobs, hash))) {
        writeFileAtomic(join(this.blobs, hash), value);
      }
      return hash;
    }
    mkdirSync(this.blobs, { recursive: true });
    const temporary = join(this.blobs, `.tmp-${process.pid}`);
    copyFileSync(value.file, temporary, constants.COPYFILE_FICLONE);
    // The copy is what is hashed: the file outside may change at any moment.
    const hash = sha256FileSync(temporary);
    fsyncPath(temporary);
    renameSync(temporary, join(this.blobs, hash));
    return hash;
  }

  add(line: ItemLine): void {
    this.lines.push(`${JSON.stringify(this.redactor.json(line))}\n`);
    if (this.lines.length >= FLUSH_LINES) this.flush();
  }

  flush(): void {
    if (this.lines.length === 0) return;
    const bytes = Buffer.from(this.lines.join(""));
    this.lines = [];
    this.writePending();
    this.pack.sync();
    writeWhole(this.fd, bytes);
    fsyncSync(this.fd);
  }

  close(): void {
    clearInterval(this.timer);
    this.flush();
    closeSync(this.fd);
    // A shortcut for who takes the pack over, worth no fsync: its sum tells whether it is whole.
    writeFileSync(this.index, this.pack.encodeIndex());
    this.pack.close();
  }

  private putOff(hash: string, bytes: Uint8Array): void {
    if (this.pending.has(hash)) return;
    this.pending.set(hash, bytes);
    this.pendingBytes += bytes.length;
    if (this.pendingBytes >= FLUSH_BYTES) this.writePending();
  }

  private writePending(): void {
    this.pack.appendAll(this.pending);
    this.pending.clear();
    this.pendingBytes = 0;
  }
}
