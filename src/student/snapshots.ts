import { createHash, randomBytes } from "node:crypto";
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statfsSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import type * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../contract/stage.js";
import { fsyncPath } from "../core/files.js";
import { bestEpoch, type EpochRecord } from "./history.js";
import type { OptimizerState } from "./optimizer.js";
import { layout, restore, type TensorEntry, tensorBytes } from "./tensor-file.js";

/** What a training needs beside its tensors to go on exactly. Random draws are keyed, so they need no state. */
export interface Progress {
  /** Steps done in all epochs. */
  readonly step: number;
  readonly optimizer: OptimizerState;
  readonly history: readonly EpochRecord[];
}

interface Header extends Progress {
  readonly format: "pipestill-snapshot/2";
  readonly tensors: readonly TensorEntry[];
}

type Variables = readonly { readonly name: string; readonly value: tf.Variable }[];

/**
 * Snapshots of a training, one file an epoch: sha256 of the rest, a line of JSON, the tensors. The last two and the
 * one of the lowest loss are kept. A file appears whole or not at all.
 */
export class Snapshots {
  constructor(private readonly folder: string) {
    mkdirSync(folder, { recursive: true });
  }

  /** @throws StageError if the disk cannot hold the snapshots of a training. */
  checkSpace(variables: Variables): void {
    const bytes = variables.reduce((sum, { value }) => sum + value.size * 4, 0);
    // Three are kept and the next one is written before one of them goes.
    const needed = 4 * bytes;
    const { bavail, bsize } = statfsSync(this.folder);
    if (bavail * bsize < needed) {
      throw new StageError(
        `snapshots need ${mib(needed)} MiB of disk space, ${mib(bavail * bsize)} MiB are free`,
        {
          class: "disk-space",
          hint: "free some space (`pipe gc`), or train a smaller student",
        },
      );
    }
  }

  save(progress: Progress, variables: Variables): void {
    const header: Header = { format: "pipestill-snapshot/2", ...progress, tensors: layout(variables) };
    const parts = [Buffer.from(`${JSON.stringify(header)}\n`), ...tensorBytes(variables)];
    const hash = createHash("sha256");
    for (const part of parts) hash.update(part);
    writeParts(join(this.folder, fileName(progress.history.length)), [
      Buffer.from(`${hash.digest("hex")}\n`),
      ...parts,
    ]);
    this.prune(progress.history);
  }

  /**
   * Restores the newest snapshot that is whole and fits.
   *
   * @returns undefined if there is none
   */
  load(variables: Variables, onDamaged: (file: string, reason: string) => void): Progress | undefined {
    for (const name of this.names().reverse()) {
      try {
        const { header, bytes } = parse(readFileSync(join(this.folder, name)));
        restore(variables, header.tensors, bytes);
        return { step: header.step, optimizer: header.optimizer, history: header.history };
      } catch (error) {
        onDamaged(name, (error as Error).message);
        rmSync(join(this.folder, name), { force: true });
      }
    }
    return undefined;
  }

  /**
   * Restores the variables of the best epoch, which is always kept.
   *
   * @throws StageError if its file is damaged; all are removed then, since those that are left lead nowhere else.
   */
  loadBest(history: readonly EpochRecord[], variables: Variables): void {
    const name = fileName(bestEpoch(history).epoch);
    try {
      const { header, bytes } = parse(readFileSync(join(this.folder, name)));
      restore(variables, header.tensors, bytes);
    } catch (error) {
      for (const left of this.names()) rmSync(join(this.folder, left), { force: true });
      throw new StageError(`cannot take up the best epoch, ${name}: ${(error as Error).message}`, {
        class: "bad-snapshot",
        hint: "run again: this training starts anew",
      });
    }
  }

  private names(): string[] {
    return readdirSync(this.folder)
      .filter((name) => /^epoch-\d{6}\.snapshot$/.test(name))
      .sort();
  }

  private prune(history: readonly EpochRecord[]): void {
    const kept = new Set([bestEpoch(history).epoch, history.length, history.length - 1].map(fileName));
    for (const name of readdirSync(this.folder))
      if (!kept.has(name)) rmSync(join(this.folder, name), { force: true });
  }
}

function fileName(epoch: number): string {
  return `epoch-${String(epoch).padStart(6, "0")}.snapshot`;
}

function parse(file: Buffer): { header: Header; bytes: Buffer } {
  const body = file.subarray(65);
  const digest = createHash("sha256").update(body).digest("hex");
  if (file.toString("latin1", 0, 64) !== digest) throw new Error("its bytes do not match its checksum");
  const end = body.indexOf(10);
  const header = JSON.parse(body.toString("utf8", 0, end)) as Header;
  if (header.format !== "pipestill-snapshot/2") throw new Error(`unknown format ${header.format}`);
  return { header, bytes: body.subarray(end + 1) };
}

/** core's writeFileAtomic takes one buffer; a large student's snapshot is 2 GB in many. */
function writeParts(path: string, parts: readonly Uint8Array[]): void {
  const temporary = `${path}.tmp-${process.pid}-${randomBytes(6).toString("hex")}`;
  const fd = openSync(temporary, "wx");
  try {
    for (const part of parts) for (let at = 0; at < part.length; ) at += writeSync(fd, part, at);
    fsyncSync(fd);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
  fsyncPath(join(path, ".."));
}

const mib = (bytes: number) => Math.ceil(bytes / 2 ** 20);
