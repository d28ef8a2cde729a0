import type { Refusal } from "../../contract/refusal.js";
import type { FailureText } from "../../core/errors.js";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.js";
import type { StageConfig } from "../config/pipeline.js";

/** Why a stage has to run; `code` is the name of the rule, `message` one sentence for people. */
export interface Reason {
  readonly code:
    | "never-run"
    | "forced"
    | "kind-changed"
    | "version-changed"
    | "param-changed"
    | "input-changed"
    | "source-changed"
    | "implementation-changed"
    | "seed-changed"
    | "result-lost"
    | "transient-failures"
    | "refresh-due"
    | "upstream-unknown"
    | "not-plannable";
  readonly message: string;
  /** What it was and is, for params: { path: "dropout", from: 0.35, to: 0.5 }. */
  readonly detail?: JsonObject;
}

/** What is known of an artifact that a result names. */
export interface ArtifactRef {
  readonly hash: string;
  readonly bytes: number;
  readonly rows?: number;
}

/** What determines a stage's result; its canonical JSON's sha256 is the fingerprint. */
export interface Preimage extends JsonObject {
  readonly tag: "stage/1";
  readonly kind: string;
  readonly version: number;
  readonly with: JsonObject;
  readonly inputs: JsonObject;
}

/** The units' sums in the identity of a stage that lists its items; undefined where it is of another form. */
export function unitSums(identity: Json | undefined): JsonObject | undefined {
  return isJsonObject(identity) && isJsonObject(identity.units) ? identity.units : undefined;
}

export type PlannedStage = {
  readonly name: string;
  readonly kind: string;
  readonly config: StageConfig;
  /** Why a run that comes to it will not begin; only where it runs or may run. */
  readonly refused?: Refusal;
  /** Why it may have to stop where it runs, which depends on what it finds. */
  readonly mayFail?: Refusal;
  /** What it will ask for that costs money; only where it runs or may run. */
  readonly cost?: PlannedCost;
} & (
  | {
      readonly status: "cached";
      readonly fingerprint: string;
      readonly outputs: Readonly<Record<string, ArtifactRef>>;
      readonly reasons: readonly Reason[];
    }
  | { readonly status: "run"; readonly fingerprint: string; readonly reasons: readonly Reason[] }
  /** What it needs is not there, or it is refused: a run would fail here. */
  | { readonly status: "failed"; readonly error: FailureText; readonly reasons: readonly Reason[] }
  /** Its inputs are not known yet: whether it runs is decided after `waitsFor` have run. */
  | { readonly status: "unknown"; readonly waitsFor: readonly string[]; readonly reasons: readonly Reason[] }
);

export interface PlannedCost {
  /** Who is asked. */
  readonly asks: string;
  /** False where `units` and `usd` are the most it can come to, since not all inputs are known; null: not even that is. */
  readonly exact: boolean;
  /** Items about which an answer is kept: they cost nothing. */
  readonly answered: number;
  readonly units: number | null;
  readonly usd: number | null;
  /** USD: the stage does not begin where it costs more. */
  readonly maxCost: number;
}

export interface Plan {
  readonly pipeline: string;
  readonly stages: readonly PlannedStage[];
}
