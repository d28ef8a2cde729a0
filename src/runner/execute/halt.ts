import type { StageConfig } from "../config/pipeline.js";
import type { StageRecord } from "../lineage/record.js";
import type { RunState } from "./run-state.js";

/** Why no further stage may start: one has failed and the run is not to go on, or it was interrupted. */
export function halted({ options, failed }: RunState): string | undefined {
  if (options.signal.aborted) return "the run was interrupted";
  return failed[0] === undefined || options.keepGoing ? undefined : `${failed[0]} failed`;
}

/** The record of a stage that did not start. */
export function skipped(stage: StageConfig, reason: string): StageRecord {
  return {
    name: stage.name,
    kind: stage.kind.name,
    status: "skipped",
    reason,
    fingerprint: null,
    durationMs: 0,
    attempts: 0,
    items: null,
    inputs: {},
    outputs: {},
    metrics: {},
    notes: [],
  };
}
