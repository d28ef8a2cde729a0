import type { Command } from "commander";
import { UsageError } from "./shared/errors.js";
import { plural } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type PipelineOptions,
  pipelineOptions,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { load, splitFile } from "./shared/session.js";

type ValidateOptions = PipelineOptions & OutputOptions;

export function declare(command: Command, terminal: Terminal): void {
  command.argument("[file]", "pipeline file; pipeline.yaml where left out");
  jsonOption(pipelineOptions(command));
  examples(command, [
    ["pipe validate pipelines/vision-distill.yaml", "every problem, with its place"],
    ["pipe validate pipelines/vision-distill.yaml -p seed", "with a profile applied"],
  ]);
  command.action(async (given: string | undefined, options: ValidateOptions) => {
    const { file, rest } = splitFile(given === undefined ? [] : [given]);
    if (rest.length > 0) throw new UsageError(`${given} is no pipeline file`);
    const { name, stages } = await load(file, options);
    terminal.out(
      options.json
        ? jsonText({ file, pipeline: name, stages: [...stages.keys()], problems: [] })
        : `${file} is valid: ${name}, ${plural(stages.size, "stage")}`,
    );
  });
}
