import type { PlanOptions } from "../runner.js";
import type { Result } from "../store/results.js";
import type { ArtifactRef, PlannedStage, Preimage } from "./plan.js";
import { Planner } from "./planner.js";

/** Everything that decides whether one stage runs. */
export interface Explanation {
  readonly planned: PlannedStage;
  /** What its fingerprint is made of; absent while its inputs are unknown. */
  readonly preimage?: Preimage;
  /** The newest result the stage had in this pipeline: what it is compared with. */
  readonly previous?: Pick<Result, "fingerprint" | "preimage" | "runId" | "createdAt">;
}

/** Plans one stage, and as much of what comes before it as that takes. `stage` must be one of the pipeline's. */
export async function explainStage(options: PlanOptions, stage: string): Promise<Explanation> {
  const { pipeline, store } = options;
  const planner = new Planner({ ...options, targets: [stage] }, () => {});
  const known = new Map<string, Readonly<Record<string, ArtifactRef>>>();
  for (const config of planner.selected()) {
    const { planned, preimage } = await planner.planStage(config, known, planner.wanted(config));
    if (planned.status === "cached") known.set(config.name, planned.outputs);
    if (config.name !== stage) continue;
    const latest = store.latest.get(pipeline.name, stage);
    const previous = latest ? store.results.get(latest.fingerprint) : undefined;
    return { planned, ...(preimage ? { preimage } : {}), ...(previous ? { previous } : {}) };
  }
  throw new Error(`${pipeline.name} has no stage ${stage}`);
}
