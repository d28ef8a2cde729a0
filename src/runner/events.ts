import type { RunRecord, StageRecord } from "./lineage/record.js";
import type { Reason } from "./plan/plan.js";

/** What happens in a run, as it happens: the runner emits, reporters print, events.jsonl keeps. */
export type RunEvent =
  | { readonly type: "run-started"; readonly record: RunRecord }
  /** A stage's fate is settled: it is about to run, and why. */
  | {
      readonly type: "stage-started";
      readonly stage: string;
      readonly kind: string;
      readonly reasons: readonly Reason[];
    }
  | {
      readonly type: "stage-progress";
      readonly stage: string;
      readonly done: number;
      readonly total: number;
      readonly text?: string;
    }
  | { readonly type: "stage-note"; readonly stage: string; readonly message: string }
  | {
      readonly type: "stage-retry";
      readonly stage: string;
      readonly attempt: number;
      readonly message: string;
      readonly delayMs: number;
    }
  /** Another run is making the same result: this one waits for it. */
  | { readonly type: "stage-waiting"; readonly stage: string; readonly owner: string }
  | { readonly type: "stage-finished"; readonly stage: StageRecord }
  /** Something in the store was found broken, set aside and will be made again. */
  | { readonly type: "store-healed"; readonly message: string }
  | { readonly type: "run-interrupting"; readonly message: string }
  | { readonly type: "run-finished"; readonly record: RunRecord };

/** events.jsonl: one line each, with the wall-clock time it was written. */
export type StoredEvent = RunEvent & { readonly at: string };
export type Listener = (event: RunEvent) => void;
