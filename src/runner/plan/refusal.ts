import type { Registry } from "../../contract/kind.js";
import type { Refusal } from "../../contract/refusal.js";
import type { Pipeline, StageConfig } from "../config/pipeline.js";
import { stageImpl } from "./fingerprint.js";

/** What the stage's kind has against carrying it out, from params and the machine alone. */
export function refusalOf(pipeline: Pipeline, registry: Registry, stage: StageConfig): Refusal | undefined {
  return stage.kind.refusal?.({
    with: stage.params.all,
    impl: stageImpl(registry, stage),
    upstream: (kind) => nearest(pipeline, stage, kind)?.params.all,
  });
}

/** The nearest stage of a kind among those that a stage depends on; of equally near ones that of the first port. */
function nearest(pipeline: Pipeline, stage: StageConfig, kind: string): StageConfig | undefined {
  const queue = [stage];
  for (const { inputs } of queue) {
    for (const ref of Object.values(inputs)) {
      const before = pipeline.stages.get(ref.stage);
      if (before?.kind.name === kind) return before;
      if (before && !queue.includes(before)) queue.push(before);
    }
  }
  return undefined;
}
