import type { Kind } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";

/** A place in a file; line and column count from 1. */
interface Position {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** What an input port is connected to. */
export interface InputRef {
  readonly stage: string;
  readonly port: string;
}

/** The three views of a stage's params that the cache needs. */
export interface StageParams {
  /** All, with defaults filled in: what the stage sees. */
  readonly all: JsonObject;
  /** What the fingerprint holds: without `pipeNeutral` ones and without `pipeSince` ones at their default. */
  readonly keyed: JsonObject;
  /** What an item's key holds: `keyed` without `pipeListing` ones. */
  readonly perItem: JsonObject;
}

interface Resources {
  /** Cores; absent: the kind's own habit. */
  readonly cpus?: number;
  /** Memory limit of each stage host, MiB. */
  readonly memoryMiB?: number;
}

/** A stage as configured: validated, interpolated, defaults filled in, its inputs known to exist. */
export interface StageConfig {
  readonly name: string;
  readonly kind: Kind;
  readonly inputs: Readonly<Record<string, InputRef>>;
  /** Its params as the file, profiles and overrides give them, defaults aside. */
  readonly given: JsonObject;
  readonly params: StageParams;
  /** Environment variables that hold secrets (values of `pipeSecret` params). */
  readonly secrets: readonly string[];
  readonly resources: Resources;
  readonly retries: number;
  readonly timeoutMs?: number;
  readonly at: Position;
}

/** A pipeline that is known to be right. `stages` stand in topological order, ties as in the file. */
export interface Pipeline {
  /** As the user gave it. */
  readonly file: string;
  /** Absolute folder of the file: relative paths in it start here. */
  readonly base: string;
  readonly name: string;
  readonly seed: number;
  readonly params: JsonObject;
  readonly profiles: readonly string[];
  readonly overrides: readonly string[];
  readonly stages: ReadonlyMap<string, StageConfig>;
}

/** One thing wrong in a pipeline file, or on the command line, where `at` is absent. */
export interface ConfigProblem {
  readonly at?: Position & { readonly endColumn?: number };
  /** The text of the line, to be shown with a caret; for the command line, the option as typed. */
  readonly source?: string;
  readonly message: string;
  readonly hint?: string;
}

export type LoadOutcome =
  | { readonly ok: true; readonly pipeline: Pipeline }
  | { readonly ok: false; readonly problems: readonly ConfigProblem[] };
