import type { Command } from "commander";
import type { RunRecord } from "../runner/lineage/record.js";
import type { Plan } from "../runner/plan/plan.js";
import { summarise } from "../runner/plan/reasons.js";
import { planPipeline } from "../runner/runner.js";
import { planJson, planSentence, reasonTexts, statusText } from "./reporters/plan-text.js";
import type { Paint } from "./shared/colour.js";
import { columns, printable } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type PipelineOptions,
  pipelineOptions,
  type StoreOptions,
  stageArguments,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { newestRuns, runLine } from "./shared/run-list.js";
import { checkStages, load, lookInStore, registry, splitFile } from "./shared/session.js";

type StatusOptions = PipelineOptions & StoreOptions & OutputOptions;

export function declare(command: Command, terminal: Terminal): void {
  stageArguments<StatusOptions>(
    command,
    "stages to look at, with all they need; all where left out",
    (args, options) => status(args, options, terminal),
  );
  jsonOption(storeOption(pipelineOptions(command)));
  examples(command, [["pipe status pipelines/vision-distill.yaml", "what is up to date, and the last run"]]);
}

async function status(args: readonly string[], options: StatusOptions, terminal: Terminal): Promise<void> {
  const { file, rest: targets } = splitFile(args);
  const pipeline = await load(file, options);
  checkStages(pipeline, targets);
  const { plan, last } = await lookInStore(options.store, async (store) => ({
    plan: await planPipeline({ pipeline, store, registry, targets, force: [] }),
    last: newestRuns(store.runs, 1, pipeline.name)[0],
  }));
  terminal.out(
    options.json
      ? jsonText({ ...planJson(plan), lastRun: last ?? null })
      : statusLines(plan, last, terminal.outPaint),
  );
}

/** One line for each stage with the first of its reasons, and one for the last run. */
export function statusLines(plan: Plan, last: RunRecord | undefined, paint: Paint): string {
  const rows = plan.stages.map((stage) => {
    const [first = ""] = reasonTexts(stage);
    return [
      `  ${stage.name}`,
      statusText(stage, paint),
      stage.status === "run" ? printable(summarise(stage.reasons)) : first,
    ];
  });
  return [
    `${paint("bold", plan.pipeline)}: ${planSentence(plan)}`,
    ...columns(rows),
    last ? `last run: ${runLine(last, paint).join("  ")}` : "last run: none",
  ].join("\n");
}
