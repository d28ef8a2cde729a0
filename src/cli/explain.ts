import type { Command } from "commander";
import type { Json } from "../core/json.js";
import { andList } from "../core/words.js";
import { type Explanation, explainStage } from "../runner/plan/explain.js";
import { differences } from "../runner/plan/reasons.js";
import { reasonTexts, statusText } from "./reporters/plan-text.js";
import type { Paint } from "./shared/colour.js";
import { UsageError } from "./shared/errors.js";
import { printable } from "./shared/format.js";
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
import { checkStages, load, lookInStore, registry, splitFile } from "./shared/session.js";

type ExplainOptions = PipelineOptions & StoreOptions & OutputOptions;

export function declare(command: Command, terminal: Terminal): void {
  stageArguments<ExplainOptions>(command, "the stage to explain", (args, options) =>
    explain(args, options, terminal),
  );
  command.usage("[options] [file] <stage>");
  jsonOption(storeOption(pipelineOptions(command)));
  examples(command, [
    ["pipe explain pipelines/vision-distill.yaml train", "why it would run, and what its key is made of"],
    [
      "pipe explain pipelines/vision-distill.yaml train -S train.dropout=0.5",
      "the same with a value changed",
    ],
  ]);
}

async function explain(args: readonly string[], options: ExplainOptions, terminal: Terminal): Promise<void> {
  const { file, rest } = splitFile(args);
  const [stage] = rest;
  if (stage === undefined || rest.length > 1) {
    throw new UsageError("explain takes one stage", `pipe explain ${file} <stage>`);
  }
  const pipeline = await load(file, options);
  checkStages(pipeline, rest);
  const explanation = await lookInStore(options.store, (store) =>
    explainStage({ pipeline, store, registry, targets: [], force: [] }, stage),
  );
  terminal.out(
    options.json ? jsonText(explanationJson(explanation)) : explanationText(explanation, terminal.outPaint),
  );
}

/** What it was and is, leaf by leaf, where both are known. */
function changes({ preimage, previous }: Explanation) {
  return preimage && previous ? differences(previous.preimage, preimage) : [];
}

function explanationJson(explanation: Explanation): object {
  const { planned, preimage, previous } = explanation;
  const { config: _, ...stage } = planned;
  return {
    ...stage,
    preimage: preimage ?? null,
    previous: previous
      ? { fingerprint: previous.fingerprint, runId: previous.runId, createdAt: previous.createdAt }
      : null,
    changes: changes(explanation).map(({ path, from, to }) => ({ path, was: from ?? null, is: to ?? null })),
  };
}

/** The explanation for people: reasons, was and is, the record behind the fingerprint. */
export function explanationText(explanation: Explanation, paint: Paint): string {
  const { planned, preimage, previous } = explanation;
  const shown = (value: Json | undefined) =>
    value === undefined ? "(unset)" : printable(JSON.stringify(value));
  return [
    `${paint("bold", planned.name)} (${planned.kind}): ${statusText(planned, paint)}`,
    ...reasonTexts(planned).map((text) => `  - ${text}`),
    ...changes(explanation).flatMap(({ path, from, to }) => [
      `  ${paint("dim", path)}`,
      `    was ${shown(from)}`,
      `    is  ${shown(to)}`,
    ]),
    "",
    ...(previous
      ? [
          `last result  ${previous.fingerprint}`,
          `             made by run ${previous.runId}, ${previous.createdAt}`,
        ]
      : ["last result  none"]),
    ...(planned.status === "unknown"
      ? [
          `fingerprint  known when ${andList(planned.waitsFor)} ${planned.waitsFor.length === 1 ? "has" : "have"} run`,
        ]
      : planned.status === "failed"
        ? []
        : [`fingerprint  ${planned.fingerprint}`]),
    ...(preimage === undefined
      ? []
      : ["             the sha256 of this record's canonical JSON:", printable(jsonText(preimage))]),
  ].join("\n");
}
