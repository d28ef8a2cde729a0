import { isJsonObject, type Json } from "../../core/json.js";
import type { Plan, PlannedCost, PlannedStage } from "../../runner/plan/plan.js";
import type { Paint } from "../shared/colour.js";
import { columns, count, plural, printable } from "../shared/format.js";

/** How many reasons a stage's line is followed by; `pipe explain` has them all. */
const MAX_REASONS = 5;

/**
 * A plan for people: a sentence, then each stage with every reason.
 *
 * @param recipe whether to show what the file gives of the params of stages that would run, or may
 */
export function planText(plan: Plan, paint: Paint, recipe = false): string {
  const rows = plan.stages.flatMap((stage) => {
    const [first = "", ...rest] = reasonTexts(stage);
    const shown = rest.slice(0, MAX_REASONS - 1);
    const more = rest.length - shown.length;
    return [
      [`  ${stage.name}`, statusText(stage, paint), first],
      ...shown.map((text) => ["", "", text]),
      ...(more > 0 ? [["", "", `and ${more} more: pipe explain ${stage.name}`]] : []),
    ];
  });
  const refusals = plan.stages.flatMap(({ name, refused }) =>
    refused
      ? ["", `${name} ${paint("red", "cannot run here")}: ${refused.message}`, `  hint: ${refused.hint}`]
      : [],
  );
  const risks = plan.stages.flatMap((stage) => (stage.mayFail ? ["", ...mayFailText(stage)] : []));
  const costs = plan.stages.flatMap(({ name, cost }) => (cost ? ["", ...costText(name, cost, paint)] : []));
  const lines = [`${paint("bold", plan.pipeline)}: ${planSentence(plan)}`, ...columns(rows)];
  const recipes = recipe ? ["", ...plan.stages.flatMap(recipeText)] : [];
  return [...lines, ...recipes, ...refusals, ...risks, ...costs].join("\n");
}

/** What a stage will have to stop for if it has anything to do. */
export function mayFailText({ name, mayFail }: PlannedStage): readonly string[] {
  if (!mayFail) return [];
  return [`${name} will stop if it has anything to do: ${mayFail.message}`, `  hint: ${mayFail.hint}`];
}

/** What a stage asks for that costs money. */
function costText(name: string, cost: PlannedCost, paint: Paint): string[] {
  const { asks, exact, answered, units, usd, maxCost } = cost;
  if (units === null || usd === null) {
    return [
      `${name} asks ${asks}: how much that costs is not known before its inputs are; max_cost is ${maxCost} USD`,
    ];
  }
  const before = answered > 0 ? `, beside ${count(answered)} that were answered before` : "";
  const most = exact ? "" : "at most ";
  const line = `${name} asks ${asks} about ${most}${plural(units, "unit")}${before}: ${exact ? "about" : "at most"} ${usd.toFixed(2)} USD`;
  if (usd <= maxCost) return [`${line}; max_cost is ${maxCost} USD`];
  const over = exact
    ? `${name} ${paint("red", "would not begin")}: max_cost is ${maxCost} USD`
    : `${name} will not begin if it comes to more than max_cost (${maxCost} USD)`;
  return [line, `  ${over}`];
}

/** "train: student vgg16, epochs 1000, early_stopping.patience 20" in lines that are not too long. */
function recipeText({ name, status, config }: PlannedStage): readonly string[] {
  const params = leaves(config.given);
  if (status === "cached" || params.length === 0) return [];
  const lines = [`  ${name}:`];
  for (const [i, param] of params.entries()) {
    const text = ` ${printable(param)}${i < params.length - 1 ? "," : ""}`;
    if (lines.at(-1)!.length + text.length > WIDEST) lines.push("   ");
    lines[lines.length - 1] += text;
  }
  return lines;
}

const WIDEST = 100;

/** "early_stopping.patience 20" for each value; lists and texts as JSON where they would be unclear. */
function leaves(value: Json, path = ""): readonly string[] {
  if (isJsonObject(value) && Object.keys(value).length > 0) {
    return Object.entries(value).flatMap(([key, member]) =>
      leaves(member, path === "" ? key : `${path}.${key}`),
    );
  }
  if (path === "") return [];
  return [
    `${path} ${typeof value === "string" && /^[\w./:-]+$/.test(value) ? value : JSON.stringify(value)}`,
  ];
}

/** "2 of 8 stages would run, 3 depend on what comes out". */
export function planSentence({ stages }: Plan): string {
  const number = (status: PlannedStage["status"]) => stages.filter((stage) => stage.status === status).length;
  const run = number("run");
  const unknown = number("unknown");
  const failed = number("failed");
  if (run + unknown + failed === 0) {
    return stages.length === 1 ? "its one stage is up to date" : `all ${stages.length} stages are up to date`;
  }
  return [
    `${run} of ${plural(stages.length, "stage")} would run`,
    ...(unknown > 0 ? [`${unknown} more ${unknown === 1 ? "depends" : "depend"} on what comes out`] : []),
    ...(failed > 0 ? [`${failed} cannot run`] : []),
  ].join(", and ");
}

export function statusText({ status }: PlannedStage, paint: Paint): string {
  if (status === "cached") return paint("green", "up to date");
  if (status === "failed") return paint("red", "cannot run");
  return status === "run" ? paint("yellow", "would run") : paint("cyan", "unknown");
}

/** The reasons as sentences; that of an unknown stage need not repeat that it is unknown. */
export function reasonTexts(stage: PlannedStage): readonly string[] {
  return stage.reasons.map(({ message }) => printable(message).replace(/^unknown until/, "until"));
}

/** A plan as JSON: the runner's own record without the whole configuration. */
export function planJson(plan: Plan): object {
  return { ...plan, stages: plan.stages.map(({ config: _, ...stage }) => stage) };
}
