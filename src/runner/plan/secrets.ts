import type { Refusal, SecretNeed } from "../../contract/refusal.js";
import { StageError } from "../../contract/stage.js";
import { hashRecord } from "../../core/hash.js";
import { andList } from "../../core/words.js";
import type { StageConfig } from "../config/pipeline.js";
import { ledgerOf } from "../store/paid.js";
import { itemSpace, stagePreimage } from "./fingerprint.js";
import type { PlannedStage } from "./plan.js";
import type { StagePlan } from "./planner.js";
import type { Surroundings } from "./surroundings.js";

/** The secrets that a stage's work cannot do without and whose variables are not set here. */
export function unsetSecrets({ kind, params, secrets }: StageConfig): readonly SecretNeed[] {
  if (secrets.length === 0) return [];
  const needs = kind.needs?.(params.all) ?? secrets.map((variable) => ({ variable }));
  return needs.filter(({ variable }) => process.env[variable] === undefined);
}

/** A planned stage with what a secret that is not set means to it: it is refused where it would surely ask for the secret. */
export async function withSecrets(
  planned: PlannedStage,
  plan: StagePlan,
  around: Surroundings,
): Promise<PlannedStage> {
  if (planned.refused || planned.status === "cached" || planned.status === "failed") return planned;
  const unset = unsetSecrets(planned.config);
  if (unset.length === 0) return planned;
  const asked = await whetherAsked(plan, around);
  if (asked === "never") return planned;
  const refusal = missing(unset);
  return asked === "surely" ? { ...planned, refused: refusal } : { ...planned, mayFail: refusal };
}

function missing(unset: readonly SecretNeed[]): Refusal {
  const names = unset.map(({ variable }) => variable);
  const [one] = names.length === 1 ? unset : [];
  return {
    message: `the environment variable${one ? "" : "s"} ${andList(names)} ${one ? "is" : "are"} not set`,
    hint: one?.instead
      ? `export ${one.variable}=…, ${one.instead}`
      : `export ${names.map((name) => `${name}=…`).join(" ")}`,
  };
}

/** Whether a stage's work comes to the point where it asks for its secrets. */
type Asked = "surely" | "perhaps" | "never";

async function whetherAsked(plan: StagePlan, around: Surroundings): Promise<Asked> {
  const { status } = plan.planned;
  if (status === "unknown") return whenUnknown(plan.planned, around);
  // A result whose bytes are lost is made again only if what may need them does.
  return status === "run" ? whenRun(plan, around) : "perhaps";
}

/** Of a stage that will run: one that works through a table asks only about rows without an outcome. */
async function whenRun(
  { planned, preimage }: StagePlan,
  { options, known, whole }: Surroundings,
): Promise<Asked> {
  const { config } = planned;
  const { kind, params, inputs } = config;
  const ref = inputs[kind.item?.port ?? ""];
  if (!kind.item || !ref) return "surely";
  const input = known.get(ref.stage)?.[ref.port];
  if (!input || !preimage || !whole.has(ref.stage)) return "perhaps";
  const space = itemSpace(options.registry, config, options.pipeline.seed, preimage);
  if (options.store.items.hasUnfinished(space)) return "perhaps";
  try {
    const { countOpen } = await import("./open-items.js");
    const work = kind.item.paid?.(params.all);
    const { unanswered } = await countOpen(options, config, kind.item, work, input, preimage);
    return unanswered > 0 ? "surely" : "never";
  } catch (error) {
    if (error instanceof StageError) return "perhaps";
    throw error;
  }
}

/** Of a stage whose inputs are not known: a store that has nothing to answer it with leaves no doubt. */
async function whenUnknown({ config }: PlannedStage, { options, planner }: Surroundings): Promise<Asked> {
  const { store, registry, pipeline } = options;
  const { kind, params, inputs } = config;
  for (const { preimage, fingerprint } of store.results.list()) {
    const { inputs: hashes, identity } = preimage;
    const same = stagePreimage(registry, config, pipeline.seed, hashes as Record<string, string>, identity);
    if (hashRecord(same) === fingerprint) return "perhaps";
  }
  const port = kind.item?.port;
  if (port === undefined) return "surely";
  if (Object.keys(inputs).some((name) => name !== port)) return "perhaps";
  const { identity } = await planner.identity(config);
  const base = { inputs: {}, ...(identity === undefined ? {} : { identity }) };
  const space = itemSpace(registry, config, pipeline.seed, base);
  if (store.items.spaces().includes(space) || store.items.hasUnfinished(space)) return "perhaps";
  const work = kind.item?.paid?.(params.all);
  return work && store.paid.allLogs(ledgerOf(work)).length > 0 ? "perhaps" : "surely";
}
