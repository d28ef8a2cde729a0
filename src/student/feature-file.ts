import { closeSync, fsyncSync, mkdirSync, openSync, readSync, renameSync, rmSync, statSync } from "node:fs";
import { open } from "node:fs/promises";
import { dirname } from "node:path";
import { fsyncPath, temporaryIn, writeWhole } from "../core/files.js";
import { sha256 } from "../core/hash.js";

/** What the end of a file says of it: JSON, and before the file's last byte its length as a 64-bit number. */
interface Trailer {
  readonly format: "pipestill-features/1";
  /** sha256 of each sample's bytes, in the order of the shard; null for a picture that cannot be decoded, with the reason. */
  readonly samples: readonly (string | { readonly broken: string })[];
  /** What computing a sample's features took on the machine that made the file, milliseconds. */
  readonly computing: number;
}

const LENGTH_BYTES = 8;

/** The features of a shard's samples, one after the other, each checked against its hash when it is read. */
export class FeatureFile {
  private constructor(
    private readonly path: string,
    private readonly slotBytes: number,
    private readonly trailer: Trailer,
  ) {}

  /** @returns undefined where there is no such file. @throws Error for one that is damaged. */
  static open(path: string, slotBytes: number): FeatureFile | undefined {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) return undefined;
    const fd = openSync(path, "r");
    try {
      const read = (position: number, bytes: number) => {
        const buffer = Buffer.alloc(bytes);
        if (readSync(fd, buffer, 0, bytes, position) !== bytes) throw new Error("it is too short");
        return buffer;
      };
      if (size < LENGTH_BYTES) throw new Error("it is too short");
      const length = Number(read(size - LENGTH_BYTES, LENGTH_BYTES).readBigUInt64LE());
      if (length > size) throw new Error("its end is damaged");
      const trailer = JSON.parse(read(size - LENGTH_BYTES - length, length).toString()) as Trailer;
      if (size !== trailer.samples.length * slotBytes + length + LENGTH_BYTES) {
        throw new Error("it has another length than its end says");
      }
      return new FeatureFile(path, slotBytes, trailer);
    } finally {
      closeSync(fd);
    }
  }

  get count(): number {
    return this.trailer.samples.length;
  }

  get computing(): number {
    return this.trailer.computing;
  }

  /** Why a sample has no features. */
  broken(index: number): string | undefined {
    const entry = this.trailer.samples[index];
    return typeof entry === "object" ? entry.broken : undefined;
  }

  /** @returns the bytes of a sample's features. @throws Error where they are not those that were written. */
  async read(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(this.slotBytes);
    const file = await open(this.path);
    try {
      await file.read(bytes, 0, bytes.length, index * this.slotBytes);
    } finally {
      await file.close();
    }
    if (sha256(bytes) !== this.trailer.samples[index]) throw new Error(`sample ${index} is damaged`);
    return bytes;
  }
}

/** Writes a feature file: it has its name once it is whole and on the disk. */
export class FeatureWriter {
  private readonly temporary: string;
  private readonly fd: number;
  private readonly samples: Trailer["samples"][number][] = [];

  constructor(
    private readonly path: string,
    private readonly slotBytes: number,
  ) {
    mkdirSync(dirname(path), { recursive: true });
    this.temporary = temporaryIn(dirname(path));
    this.fd = openSync(this.temporary, "wx");
  }

  add(bytes: Uint8Array): void {
    this.write(bytes);
    this.samples.push(sha256(bytes));
  }

  addBroken(reason: string): void {
    this.write(new Uint8Array(this.slotBytes));
    this.samples.push({ broken: reason });
  }

  /** @param computing milliseconds for a sample */
  finish(computing: number): void {
    const trailer: Trailer = { format: "pipestill-features/1", samples: this.samples, computing };
    const text = Buffer.from(JSON.stringify(trailer));
    const length = Buffer.alloc(LENGTH_BYTES);
    length.writeBigUInt64LE(BigInt(text.length));
    this.write(text);
    this.write(length);
    fsyncSync(this.fd);
    renameSync(this.temporary, this.path);
    fsyncPath(dirname(this.path));
    closeSync(this.fd);
  }

  /** Gives up: nothing is left of it. */
  abandon(): void {
    closeSync(this.fd);
    rmSync(this.temporary, { force: true });
  }

  private write(bytes: Uint8Array): void {
    writeWhole(this.fd, bytes);
  }
}
