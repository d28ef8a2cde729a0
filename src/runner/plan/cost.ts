import type { ItemShape, PaidWork } from "../../contract/kind.js";
import type { StageConfig } from "../config/pipeline.js";
import type { PlanOptions } from "../runner.js";
import { countOpen } from "./open-items.js";
import type { ArtifactRef, PlannedCost, PlannedStage, Preimage } from "./plan.js";
import type { KnownOutputs, StagePlan } from "./planner.js";
import type { Surroundings } from "./surroundings.js";

/** A planned stage with what it will ask for that costs money, as far as that is known. */
export async function withCost(
  planned: PlannedStage,
  plans: readonly StagePlan[],
  { options, known, whole }: Surroundings,
): Promise<PlannedStage> {
  const { kind, params, inputs } = planned.config;
  const ref = inputs[kind.item?.port ?? ""];
  const work = kind.item?.paid?.(params.all);
  if (!kind.item || !work || !ref || planned.status === "cached" || planned.status === "failed")
    return planned;
  const preimage = plans.find((plan) => plan.planned.name === planned.name)?.preimage;
  const input = known.get(ref.stage)?.[ref.port];
  const cost =
    input && preimage && whole.has(ref.stage)
      ? await knownCost(options, planned.config, kind.item, work, input, preimage)
      : boundedCost(work, mostRows(ref.stage, plans, known));
  return { ...planned, cost };
}

/** Rows that an item stage gives at most, as far as that is known before it runs. */
function mostRows(name: string, plans: readonly StagePlan[], known: KnownOutputs): number | undefined {
  const plan = plans.find(({ planned }) => planned.name === name);
  if (!plan) return undefined;
  const { kind, inputs } = plan.planned.config;
  const rows = known.get(name)?.[kind.outputs[0].name]?.rows;
  if (rows !== undefined) return rows;
  if (plan.listing) return plan.listing.count;
  const above = inputs[kind.item?.port ?? ""];
  return above && mostRows(above.stage, plans, known);
}

/** What asking about the rows of a known input costs: those that neither the item cache nor a paid answer tells. */
async function knownCost(
  options: PlanOptions,
  stage: StageConfig,
  shape: ItemShape,
  work: PaidWork,
  input: ArtifactRef,
  preimage: Preimage,
): Promise<PlannedCost> {
  const { answered, unanswered } = await countOpen(options, stage, shape, work, input, preimage);
  return { asks: work.asks, exact: true, answered, ...work.quote(unanswered), maxCost: work.maxCost };
}

/** What it costs at most, where only the number of rows is known that may come; where not even that is, nothing is. */
function boundedCost(work: PaidWork, most: number | undefined): PlannedCost {
  const quote = most === undefined ? { units: null, usd: null } : work.quote(most);
  return { asks: work.asks, exact: false, answered: 0, ...quote, maxCost: work.maxCost };
}
