import { type Command, Option } from "commander";
import type { Pipeline } from "../runner/config/pipeline.js";
import { UsageError } from "./shared/errors.js";
import { columns } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type PipelineOptions,
  pipelineOptions,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { load, splitFile } from "./shared/session.js";

interface DagOptions extends PipelineOptions, OutputOptions {
  readonly format: "text" | "mermaid";
}

export function declare(command: Command, terminal: Terminal): void {
  command
    .argument("[file]", "pipeline file; pipeline.yaml where left out")
    .addOption(new Option("--format <format>", "how to draw").choices(["text", "mermaid"]).default("text"));
  jsonOption(pipelineOptions(command));
  examples(command, [
    ["pipe dag pipelines/vision-distill.yaml", "one line for each stage"],
    ["pipe dag pipelines/vision-distill.yaml --format mermaid", "for a README on a Git forge"],
  ]);
  command.action(async (given: string | undefined, options: DagOptions) => {
    const { file, rest } = splitFile(given === undefined ? [] : [given]);
    if (rest.length > 0) throw new UsageError(`${given} is no pipeline file`);
    const pipeline = await load(file, options);
    terminal.out(options.json ? jsonText(dagJson(pipeline)) : draw(pipeline, options.format));
  });
}

function draw(pipeline: Pipeline, format: DagOptions["format"]): string {
  return format === "mermaid" ? dagMermaid(pipeline) : dagText(pipeline);
}

/** "stage" for its first output, else "stage.port": as the pipeline file says it. */
function sourceName(pipeline: Pipeline, ref: { readonly stage: string; readonly port: string }): string {
  const first = pipeline.stages.get(ref.stage)?.kind.outputs[0].name;
  return ref.port === first ? ref.stage : `${ref.stage}.${ref.port}`;
}

/** One line for each stage, in order: name, kind, where each input comes from. */
export function dagText(pipeline: Pipeline): string {
  const rows = [...pipeline.stages.values()].map(({ name, kind, inputs }) => {
    const from = Object.entries(inputs).map(([port, ref]) => `${port}: ${sourceName(pipeline, ref)}`);
    return [name, `(${kind.name})`, from.length > 0 ? `← ${from.join(", ")}` : ""];
  });
  return columns(rows).join("\n");
}

/** A Mermaid flow chart; nodes are numbered, since a stage may bear a word that Mermaid keeps for itself (`end`). */
export function dagMermaid(pipeline: Pipeline): string {
  const ids = new Map([...pipeline.stages.keys()].map((name, i) => [name, `s${i + 1}`]));
  const lines = ["flowchart LR"];
  for (const { name, kind } of pipeline.stages.values()) {
    const label = kind.name === name ? name : `${name}<br/>${kind.name.replaceAll('"', "#quot;")}`;
    lines.push(`  ${ids.get(name)}["${label}"]`);
  }
  for (const { name, inputs } of pipeline.stages.values()) {
    for (const [port, ref] of Object.entries(inputs)) {
      lines.push(`  ${ids.get(ref.stage)} -->|${port}| ${ids.get(name)}`);
    }
  }
  return lines.join("\n");
}

function dagJson(pipeline: Pipeline): object {
  const stages = [...pipeline.stages.values()].map(({ name, kind, inputs }) => ({
    name,
    kind: kind.name,
    inputs,
  }));
  return { pipeline: pipeline.name, stages };
}
