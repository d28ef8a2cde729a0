import type { Command } from "commander";
import type { RunRecord } from "../runner/lineage/record.js";
import { runPipeline, stagesInDoubt } from "../runner/runner.js";
import { type PlanCommandOptions, printPlan } from "./plan.js";
import { failuresText } from "./reporters/failure.js";
import { plainReporter } from "./reporters/plain.js";
import { mayFailText } from "./reporters/plan-text.js";
import { type Reporter, silent } from "./reporters/reporter.js";
import { summaryText } from "./reporters/summary.js";
import { EXIT, UsageError } from "./shared/errors.js";
import { onInterrupt } from "./shared/interrupt.js";
import {
  examples,
  forceOption,
  jsonOption,
  pipelineOptions,
  stageArguments,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { checkStages, load, registry, splitFile, withStore } from "./shared/session.js";

interface RunCommandOptions extends PlanCommandOptions {
  readonly keepGoing?: true;
  readonly plan?: true;
  readonly quiet?: true;
  readonly verbose?: true;
}

export function declare(command: Command, terminal: Terminal): void {
  stageArguments<RunCommandOptions>(
    command,
    "stages to bring about, with all they need; all where left out",
    (args, options) => run(args, options, terminal),
  );
  forceOption(pipelineOptions(command))
    .option("--keep-going", "after a failure, go on with what does not depend on it")
    .option("--plan", "only tell what would run, and why");
  jsonOption(storeOption(command))
    .option("--quiet", "no progress")
    .option("--verbose", "progress line by line, with the stages that are up to date");
  examples(command, [
    ["pipe run pipelines/vision-distill.yaml", "run what is not up to date"],
    ["pipe run pipelines/vision-distill.yaml train", "up to one stage"],
    ["pipe run pipelines/vision-distill.yaml -S train.dropout=0.5", "with a value changed"],
    ["pipe run pipelines/vision-distill.yaml --force train", "run a stage although nothing changed"],
    ["pipe run pipelines/vision-distill.yaml --json > run.json", "the run record, for programs"],
  ]);
  command.addHelpText(
    "after",
    "\nCtrl-C stops cleanly and keeps finished items; a second one stops at once.\n" +
      "Exit codes: 0 done, 1 a stage failed, 2 wrong usage or pipeline file, 130 interrupted.",
  );
}

async function run(args: readonly string[], options: RunCommandOptions, terminal: Terminal): Promise<void> {
  if (options.plan) return printPlan(args, options, terminal);
  if (options.quiet && options.verbose) throw new UsageError("--quiet and --verbose exclude each other");
  const { file, rest: targets } = splitFile(args);
  const pipeline = await load(file, options);
  const stages = checkStages(pipeline, targets, options.force);
  const reporter = await chooseReporter(stages, options, terminal);
  const interrupt = onInterrupt();
  let root = options.store;
  const record = await withStore(options.store, async (store) => {
    root = store.root;
    try {
      const doubtful = await stagesInDoubt({ pipeline, store, registry, targets, force: options.force });
      for (const { name, refused } of doubtful) {
        if (refused) throw new UsageError(`${name} cannot run here: ${refused.message}`, refused.hint);
      }
      if (!options.quiet) for (const line of doubtful.flatMap(mayFailText)) terminal.err(line);
      const { listener } = reporter;
      const { signal, kill } = interrupt;
      const { force, keepGoing = false } = options;
      return await runPipeline({
        pipeline,
        store,
        registry,
        targets,
        force,
        keepGoing,
        listener,
        signal,
        kill,
      });
    } finally {
      interrupt.dispose();
      await reporter.close();
    }
  });
  print(record, root, options, terminal);
  process.exitCode = exitCode(record);
}

async function chooseReporter(
  stages: readonly string[],
  options: RunCommandOptions,
  terminal: Terminal,
): Promise<Reporter> {
  if (options.quiet) return silent;
  if (process.stderr.isTTY && process.env.TERM !== "dumb" && !options.verbose) {
    const { terminalReporter } = await import("./reporters/terminal.js");
    return terminalReporter(stages, terminal.errPaint, terminal.err);
  }
  return plainReporter({
    write: terminal.err,
    paint: terminal.errPaint,
    verbose: options.verbose === true,
    now: () => performance.now(),
  });
}

function print(record: RunRecord, root: string, options: RunCommandOptions, terminal: Terminal): void {
  terminal.out(options.json ? jsonText(record) : summaryText(record, root, terminal.outPaint));
  if (record.status === "interrupted") terminal.err("The same command goes on where this one stopped.");
  if (record.status !== "failed") return;
  const store = options.store === "artifacts" ? undefined : options.store;
  terminal.err(`\n${failuresText(record, store, terminal.errPaint)}`);
}

function exitCode({ status }: RunRecord): number {
  if (status === "succeeded") return EXIT.ok;
  return status === "interrupted" ? EXIT.interrupted : EXIT.failed;
}
