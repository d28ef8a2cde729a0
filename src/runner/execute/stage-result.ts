import { VERSION } from "../../core/version.js";
import type { StageConfig } from "../config/pipeline.js";
import { itemSpace } from "../plan/fingerprint.js";
import type { ArtifactRef } from "../plan/plan.js";
import type { StagePlan } from "../plan/planner.js";
import type { Result } from "../store/results.js";
import type { RunState } from "./run-state.js";
import type { Made } from "./stage-env.js";

/** Writes the record that makes the next run a hit: after everything it names is in the store. */
export function keepResult(
  state: RunState,
  stage: StageConfig,
  plan: StagePlan,
  fingerprint: string,
  made: Made,
  durationMs: number,
): Result {
  if (!plan.preimage) throw new Error(`${stage.name} was made without a preimage`);
  const result: Result = {
    fingerprint,
    preimage: plan.preimage,
    outputs: made.outputs,
    metrics: made.metrics,
    items: made.items,
    transientFailures: made.transientFailures,
    runId: state.runId,
    stage: stage.name,
    createdAt: new Date().toISOString(),
    durationMs,
    ...(stage.kind.item
      ? { space: itemSpace(state.options.registry, stage, state.options.pipeline.seed, plan.preimage) }
      : {}),
    versions: { pipestill: VERSION, node: process.versions.node },
  };
  state.options.store.results.put(result);
  return result;
}

/** Shows the outputs under latest/, unless they are what stands there. */
export function publish(
  state: RunState,
  stage: StageConfig,
  fingerprint: string,
  outputs: Readonly<Record<string, ArtifactRef>>,
): void {
  const { store, pipeline } = state.options;
  if (store.readOnly) return;
  const shown = store.latest.get(pipeline.name, stage.name);
  const same = Object.entries(outputs).every(([port, { hash }]) => shown?.outputs[port] === hash);
  if (shown?.fingerprint === fingerprint && same) return;
  const ports = stage.kind.outputs.flatMap(({ name }) => {
    const tree = store.trees.get(outputs[name]?.hash ?? "");
    return tree ? [[name, tree] as const] : [];
  });
  store.latest.publish(pipeline.name, stage.name, new Map(ports), fingerprint);
}
