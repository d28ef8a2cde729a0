import { describeError, StageError } from "../../core/errors.js";
import type { StageConfig } from "../config/pipeline.js";
import type { PlanOptions } from "../runner.js";
import type { ArtifactRef, Plan, PlannedStage, Reason } from "./plan.js";
import { type KnownOutputs, Planner, type StagePlan } from "./planner.js";
import { refusalOf } from "./refusal.js";
import { withSecrets } from "./secrets.js";
import type { Surroundings } from "./surroundings.js";
import { unusable } from "./usable.js";

/** Plans every selected stage as far as it can be known without running any. */
export async function planWhole(options: PlanOptions): Promise<Plan> {
  const planner = new Planner(options, () => {});
  const known = new Map<string, Readonly<Record<string, ArtifactRef>>>();
  const plans: StagePlan[] = [];
  for (const stage of planner.selected()) {
    const plan = await planOne(planner, stage, known);
    plans.push(plan);
    if (plan.planned.status === "cached") known.set(stage.name, plan.planned.outputs);
  }
  const stages = rerunLost(plans).map((stage) => withRefusal(options, stage));
  const whole = new Set(stages.flatMap(({ name, status }) => (status === "cached" ? [name] : [])));
  const around = { options, planner, known, whole };
  const judged: PlannedStage[] = [];
  for (const [i, stage] of stages.entries()) judged.push(await withSecrets(stage, plans[i]!, around));
  return { pipeline: options.pipeline.name, stages: await withCosts(judged, plans, around) };
}

/** One stage that cannot be planned must not hide what is known of the others. */
async function planOne(planner: Planner, stage: StageConfig, known: KnownOutputs): Promise<StagePlan> {
  try {
    return await planner.planStage(stage, known, planner.wanted(stage));
  } catch (error) {
    if (!(error instanceof StageError)) throw error;
    const { message, hint } = describeError(error);
    const reasons: Reason[] = [
      { code: "not-plannable", message: hint === undefined ? message : `${message} (${hint})` },
    ];
    const base = { name: stage.name, kind: stage.kind.name, config: stage };
    return { planned: { ...base, status: "failed", error: describeError(error), reasons } };
  }
}

async function withCosts(
  stages: readonly PlannedStage[],
  plans: readonly StagePlan[],
  around: Surroundings,
): Promise<readonly PlannedStage[]> {
  if (!stages.some(({ config }) => config.kind.item?.paid?.(config.params.all))) return stages;
  // Only who asks for money waits for DuckDB.
  const { withCost } = await import("./cost.js");
  const costed: PlannedStage[] = [];
  for (const stage of stages) costed.push(await withCost(stage, plans, around));
  return costed;
}

function withRefusal({ pipeline, registry }: PlanOptions, planned: PlannedStage): PlannedStage {
  if (planned.status === "cached") return planned;
  const refused = refusalOf(pipeline, registry, planned.config);
  return refused ? { ...planned, refused } : planned;
}

/** Stages whose bytes are lost run when one that runs, or may run, takes them as input. */
function rerunLost(plans: readonly StagePlan[]): readonly PlannedStage[] {
  const needed = new Set<string>();
  const stages: PlannedStage[] = [];
  for (const { planned, result, lost } of plans.toReversed()) {
    const { name, kind, config } = planned;
    let stage = planned;
    if (planned.status === "cached" && result && lost !== undefined && needed.has(name)) {
      const { fingerprint } = planned;
      stage = { name, kind, config, status: "run", fingerprint, reasons: [unusable(result, lost)] };
    }
    if (stage.status !== "cached") for (const ref of Object.values(config.inputs)) needed.add(ref.stage);
    stages.unshift(stage);
  }
  return stages;
}
