import type { Json, JsonObject } from "../core/json.js";

export { StageError } from "../core/errors.js";

import type { Earlier, IdRange, WrittenTable } from "../core/tables/parts.js";

/** An input artifact inside a stage host: named files, each a read-only path. */
export interface InputArtifact {
  readonly hash: string;
  /** Names in the artifact, sorted. */
  readonly files: readonly string[];
  /** Absolute path of a file's bytes. @throws if the artifact has no such file. */
  path(name: string): string;
}

/** What every stage sees, and all it sees. */
export interface BaseContext {
  readonly with: JsonObject;
  readonly inputs: Readonly<Record<string, InputArtifact>>;
  /** Folder of the pipeline file (exec runs there; weights given by a relative path start there). */
  readonly base: string;
  /** A folder of this stage alone, kept between attempts of the same fingerprint: snapshots, spill files. */
  readonly scratch: string;
  /**
   * A folder that all stages of this kind have in common and that is kept between runs, for what costs much to make and
   * can be made again. Its entries are named by what they are made of; files appear whole (written beside, renamed)
   * and are checked when they are read; who uses an entry sets its time, since gc removes those that no kept run used.
   */
  readonly shared: string;
  /** The run's folder for files that are no part of the result: TensorBoard events, timings. */
  readonly logs: string;
  readonly seed: number;
  /** What computes, by impl name: engine → "wasm". */
  readonly impl: Readonly<Record<string, string>>;
  /** Cores this stage may use. */
  readonly cpus: number;
  /** Aborted when the run is interrupted or the stage times out: finish or save what is in hand, then return. */
  readonly signal: AbortSignal;
  /** Tells how far it is; cheap to call often. `text` is a short phrase: "epoch 3/12, loss 0.21". */
  progress(done: number, total: number, text?: string): void;
  /** A line for the person at the terminal and the run record. */
  note(message: string): void;
  /**
   * Figures of this attempt that are no part of the result, for the run's record and its summary: speeds, waiting
   * shares. The last call of a name counts.
   */
  usage(figures: Usage): void;
  /** The secret in the environment variable of that name, if the stage's params named it. @throws StageError */
  secret(variable: string): string;
  /** Whether that variable is set. */
  hasSecret(variable: string): boolean;
  /** Answers that were paid for; for kinds whose item shape says what they cost. */
  readonly paid?: PaidAnswers;
  /** Bytes of a blob in the store, checked against its name. @throws StageError for a missing or damaged blob. */
  blob(hash: string): Promise<Buffer>;
}

/**
 * Answers that cost money, kept for good under the sha256 of the bytes they are about. Everything is on the disk when a
 * call returns: what was answered is never asked again, and what was being asked when a process died is known.
 */
export interface PaidAnswers {
  /** The answer about these bytes, as it was kept. */
  get(blob: string): string | undefined;
  /** To be called before a request goes out: its items are about to be asked about. */
  asking(blobs: readonly string[]): void;
  /** Keeps answers, each a JSON text. To be called as soon as they have come, before another request goes out. */
  keep(answers: readonly { readonly blob: string; readonly json: string }[]): void;
  /** These came back without an answer. */
  unanswered(blobs: readonly string[]): void;
}

/** Figures by name, in snake_case with their unit: images_per_second, data_wait_share. */
export type Usage = Readonly<Record<string, number>>;

/** A file of an output artifact. Tables carry a content hash over schema and ordered rows (core/tables.ts). */
export type OutputFile =
  | { readonly path: string; readonly table?: WrittenTable }
  /** A file that an earlier run made: named by its blob, from `memo.get`. */
  | { readonly path: string; readonly blob: string };

/** Remembers parts of a whole stage's output between runs by a key of the stage's own (pack: a shard's content). */
export interface Memo {
  /** Blob hash of the file remembered under this key, if the store still holds it. */
  get(key: string): string | undefined;
  /** Remembers that the output file `path` of `port` is the one for `key`. */
  set(key: string, port: string, path: string): void;
}

/** What a whole stage sees beside the base. */
export interface StageContext extends BaseContext {
  /** Folder for the files of an output port; created on first use. File names inside become artifact paths. */
  outDir(port: string): string;
  readonly memo: Memo;
  /** The stage's last result, so that what is still right of it need not be made again. The outcome must not depend on it. */
  readonly previous: Previous;
}

/** What is known of the result that a stage gave last. */
export interface Previous {
  /** A table among its outputs, undamaged (see core/tables/like.ts). */
  table(port: string, name: string): Earlier | undefined;
  /** Path of another file among its outputs, undamaged. */
  file(port: string, name: string): string | undefined;
  /** Hashes of the artifacts that it was made from, by input port. */
  readonly inputs: Readonly<Record<string, string>>;
  /** The table that stood at an input, undamaged; undefined where the store has lost it or there were more than one. */
  input(port: string): Earlier | undefined;
  /**
   * Where the rows of an input's table differ from those that it was made from: ascending ranges of ids, apart from each
   * other. undefined where that is not known, or where it was made with other params or by other code.
   */
  changed(port: string): readonly IdRange[] | undefined;
}

export const NO_PREVIOUS: Previous = {
  table: () => undefined,
  file: () => undefined,
  inputs: {},
  input: () => undefined,
  changed: () => undefined,
};

/** What a whole stage gives: the tables among its files (other files are found in outDir) and its metrics. */
export interface StageResult {
  /** Per port: tables and reused files. Plain files in outDir(port) need not be listed. */
  readonly outputs?: Readonly<Record<string, readonly OutputFile[]>>;
  /** Flat numbers and strings shown after the run and compared between runs: { map: 0.78 }. */
  readonly metrics?: JsonObject;
}

export interface StageModule {
  run(context: StageContext): Promise<StageResult>;
}

/** One row to be processed. */
export interface Item {
  readonly id: string;
  /** What the outcome is remembered under: the input blob's sha256, and more where the kind `reads` more; or what the listing gave. */
  readonly input: string;
  /** From the listing: path or URL. */
  readonly locator: string;
  /** The input row's scalar columns. */
  readonly row: Readonly<Record<string, Json>>;
}

/** Bytes for a blob column: in memory, or a file to take over by reflink or copy. */
export type BlobValue = Uint8Array | { readonly file: string };

export type ItemOutcome =
  | {
      readonly ok: true;
      /** Derived columns by name, blob columns excepted. */
      readonly columns: JsonObject;
      /** Bytes per blob column. */
      readonly blobs?: Readonly<Record<string, BlobValue>>;
      /** It was asked for again and has not changed: what is known of it holds, whatever stands here. */
      readonly unchanged?: true;
    }
  /** The item is set aside. `transient` failures are tried again on the next run, others are remembered. */
  | {
      readonly ok: false;
      readonly class: string;
      readonly detail: string;
      readonly transient: boolean;
      /** Columns whose place is the table of failures. */
      readonly columns?: JsonObject;
    };

/** Processes items; opened once in each stage host. */
export interface ItemWorker {
  /** How many items one call of `process` gets at most (a teacher's request size). Default 1. */
  readonly batch?: number;
  /** How many calls of `process` may be under way at once. Default 1. */
  readonly concurrency?: number;
  /** One outcome per item, in order. A thrown error ends the stage; a broken item is an outcome. */
  process(items: readonly Item[]): Promise<readonly ItemOutcome[]>;
  close?(): Promise<void>;
}

export interface ItemModule {
  open(context: BaseContext): Promise<ItemWorker>;
}
