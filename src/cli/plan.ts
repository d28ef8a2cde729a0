import type { Command } from "commander";
import { planPipeline } from "../runner/runner.js";
import { planJson, planText } from "./reporters/plan-text.js";
import { EXIT } from "./shared/errors.js";
import {
  examples,
  forceOption,
  jsonOption,
  type OutputOptions,
  type PipelineOptions,
  pipelineOptions,
  type StoreOptions,
  stageArguments,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { checkStages, load, lookInStore, registry, splitFile } from "./shared/session.js";

export interface PlanCommandOptions extends PipelineOptions, StoreOptions, OutputOptions {
  readonly force: readonly string[];
}

export function declare(command: Command, terminal: Terminal): void {
  stageArguments<PlanCommandOptions>(
    command,
    "stages to bring about, with all they need; all where left out",
    (args, options) => printPlan(args, options, terminal),
  );
  jsonOption(storeOption(forceOption(pipelineOptions(command))));
  examples(command, [
    ["pipe plan pipelines/vision-distill.yaml", "what a run would do"],
    ["pipe plan pipelines/vision-distill.yaml -S train.dropout=0.5", "what that change would cost"],
    ["pipe plan pipelines/vision-distill.yaml train --json", "up to one stage, for programs"],
  ]);
}

/** Prints what a run with these arguments would do. */
export async function printPlan(
  args: readonly string[],
  options: PlanCommandOptions,
  terminal: Terminal,
): Promise<void> {
  const { file, rest: targets } = splitFile(args);
  const pipeline = await load(file, options);
  checkStages(pipeline, targets, options.force);
  const plan = await lookInStore(options.store, (store) =>
    planPipeline({ pipeline, store, registry, targets, force: options.force }),
  );
  terminal.out(
    options.json ? jsonText(planJson(plan)) : planText(plan, terminal.outPaint, pipeline.profiles.length > 0),
  );
  if (plan.stages.some(({ status }) => status === "failed")) process.exitCode = EXIT.failed;
}
