import type { FailureText } from "../core/errors.js";
import type { Json, JsonObject } from "../core/json.js";
import type { IdRange, WrittenTable } from "../core/tables/parts.js";
import type { Column } from "./kind.js";
import type { OutputFile, Usage } from "./stage.js";

/** Names of the files in a task's folder. The host reads task.json and writes all others, result.json last. */
export const TASK_FILES = {
  task: "task.json",
  /** Items to do, JSON lines of TaskItem, for item tasks. */
  todo: "todo.jsonl",
  /** Item results, JSON lines of ItemLine, appended and fsynced. */
  items: "items.jsonl",
  /** Bytes of small item blobs, in the pack format of core/packs.ts. */
  pack: "blobs.pack",
  /** The pack's index, in the format of core/pack-index.ts; of no use where it does not fit the pack. */
  index: "blobs.idx",
  /** Larger item blobs, one file each, named by sha256. */
  blobs: "blobs",
  /** Answers that were paid for, in the format of core/answer-log.ts, fsynced one by one. */
  answers: "answers.jsonl",
  /** Output files of whole stages: out/<port>/<path>. */
  out: "out",
  /** Progress, notes and figures, JSON lines of HostEvent. */
  events: "events.jsonl",
  result: "result.json",
} as const;

/** Exit code of a host that could not write its result (EX_IOERR of sysexits.h). */
export const NO_RESULT = 74;

/** Names a host's task folder in its environment, and so in that of all it starts: they can be found and ended. */
export const TASK_VARIABLE = "PIPESTILL_TASK";

/** A file of the stage's last result. */
export interface TaskFile {
  readonly blob: string;
  /** Absolute path of its bytes. */
  readonly path: string;
  readonly table?: WrittenTable;
}

/** The result that a stage gave last; see Previous in stage.ts. */
export interface TaskPrevious {
  /** By port and name. */
  readonly files: Readonly<Record<string, Readonly<Record<string, TaskFile>>>>;
  /** Hashes of what it was made from, by input port, and the file of each that is one table. */
  readonly inputs: Readonly<Record<string, { readonly hash: string; readonly file?: TaskFile }>>;
  /** By input port. */
  readonly changed: Readonly<Record<string, readonly IdRange[]>>;
}

export interface TaskInput {
  readonly hash: string;
  /** Name in the artifact → absolute path of its bytes. */
  readonly files: Readonly<Record<string, string>>;
  /** Names of files that the run has just made: their bytes need no second look. */
  readonly fresh: readonly string[];
}

/** All that a stage host is told. Read from a file; the host needs no channel back. */
export interface Task {
  readonly protocol: 1;
  readonly kind: string;
  readonly module: string;
  readonly stage: string;
  readonly mode: "whole" | "items";
  readonly with: JsonObject;
  readonly inputs: Readonly<Record<string, TaskInput>>;
  /** Names of the kind's output ports. */
  readonly outputs: readonly string[];
  readonly base: string;
  /** The store's root, read only. */
  readonly store: string;
  /** Kept between attempts of one fingerprint. */
  readonly scratch: string;
  /** Of all stages of this kind, kept between runs. */
  readonly shared: string;
  readonly logs: string;
  readonly seed: number;
  readonly impl: Readonly<Record<string, string>>;
  readonly cpus: number;
  /** Environment variables that hold secrets the params named; the host takes them out of its environment. */
  readonly secrets: readonly string[];
  /** Whole tasks: what the stage gave last. */
  readonly previous?: TaskPrevious;
  /** Item tasks: what each outcome carries. */
  readonly columns?: readonly Column[];
  /** Item tasks: where paid answers are kept, named by the hash of what decides them beside an item's bytes. */
  readonly ledger?: string;
  /** Item tasks: lines in todo.jsonl. */
  readonly total?: number;
  /** The runner's process id, for a host on the same machine: when it is gone, the host finishes what it has in hand. */
  readonly parent?: number;
}

/** A line of todo.jsonl. */
export interface TaskItem {
  readonly id: string;
  readonly input: string;
  readonly locator: string;
  readonly row: Readonly<Record<string, Json>>;
}

/** A line of items.jsonl: the outcome for one input. `columns` holds blob columns as sha256. */
export type ItemLine =
  | { readonly input: string; readonly ok: true; readonly columns: JsonObject }
  | {
      readonly input: string;
      readonly ok: false;
      readonly class: string;
      readonly detail: string;
      readonly transient: boolean;
      readonly columns?: JsonObject;
    };

export type HostEvent =
  | { readonly type: "progress"; readonly done: number; readonly total: number; readonly text?: string }
  | { readonly type: "note"; readonly message: string }
  | { readonly type: "usage"; readonly figures: Usage };

/** `blob`: the one that was missing or damaged, so that the runner can have it made again. */
export type HostFailure = FailureText;

export type HostResult =
  | {
      readonly protocol: 1;
      readonly status: "ok";
      readonly outputs: Readonly<Record<string, readonly OutputFile[]>>;
      readonly metrics: JsonObject;
      readonly memo: readonly { readonly key: string; readonly port: string; readonly path: string }[];
    }
  | { readonly protocol: 1; readonly status: "interrupted" }
  | { readonly protocol: 1; readonly status: "failed"; readonly error: HostFailure };
