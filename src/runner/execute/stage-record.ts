import type { HostFailure } from "../../contract/task.js";
import type { StageConfig } from "../config/pipeline.js";
import type { StageRecord } from "../lineage/record.js";
import type { ArtifactRef } from "../plan/plan.js";
import { rerunCommand } from "./rerun.js";
import type { RunState } from "./run-state.js";

/** How a stage ended. */
interface Ending {
  readonly status: StageRecord["status"];
  readonly reason: string;
  readonly fingerprint: string | null;
  /** When it was begun, on the monotonic clock, milliseconds. */
  readonly started: number;
  readonly attempts: number;
  readonly notes: readonly string[];
  readonly usage: StageRecord["usage"];
}

/** What a stage gave, as far as it gave anything. */
export interface Given {
  readonly items?: StageRecord["items"];
  readonly outputs?: Readonly<Record<string, ArtifactRef>>;
  readonly metrics?: StageRecord["metrics"];
}

/** The record of a stage that has ended. */
export function stageRecord(state: RunState, stage: StageConfig, ending: Ending, given: Given): StageRecord {
  const { status, reason, fingerprint, started, attempts, notes, usage } = ending;
  const { pipeline, store } = state.options;
  const inputs = Object.entries(stage.inputs).flatMap(([port, ref]) => {
    const output = state.known.get(ref.stage)?.[ref.port];
    return output ? [[port, output.hash] as const] : [];
  });
  const [first] = stage.kind.outputs;
  const outputs = Object.entries(given.outputs ?? {}).map(([port, ref]) => {
    const path = store.latest.path(pipeline.name, stage.name, port === first.name ? undefined : port);
    return [port, { ...ref, path }] as const;
  });
  return {
    name: stage.name,
    kind: stage.kind.name,
    status,
    reason,
    fingerprint,
    durationMs: Math.round(performance.now() - started),
    attempts,
    items: given.items ?? null,
    inputs: Object.fromEntries(inputs),
    outputs: Object.fromEntries(outputs),
    metrics: given.metrics ?? {},
    ...(usage === undefined ? {} : { usage }),
    notes: [...(state.warnings.get(stage.name) ?? []), ...notes],
  };
}

/** What helps with a failed stage. */
export function stageFailure(
  state: RunState,
  stage: StageConfig,
  { message, hint }: HostFailure,
): NonNullable<StageRecord["failure"]> {
  return {
    message,
    ...(hint === undefined ? {} : { hint }),
    log: state.logFile(stage),
    rerun: rerunCommand(state.options.pipeline, stage.name),
  };
}
