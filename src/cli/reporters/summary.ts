import { existsSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import type { RunRecord, StageRecord } from "../../runner/lineage/record.js";
import type { Colour, Paint } from "../shared/colour.js";
import { columns, count, duration, number, plural, printable } from "../shared/format.js";
import { firstLine, itemsText } from "./stage-line.js";

const STATUS: Readonly<Record<StageRecord["status"], readonly [text: string, colour: Colour]>> = {
  ran: ["ran", "green"],
  cached: ["up to date", "dim"],
  failed: ["failed", "red"],
  skipped: ["skipped", "yellow"],
  interrupted: ["interrupted", "yellow"],
};

/** What a run came to: one line where there was nothing to do, else a table, the metrics and where the results are. */
export function summaryText(record: RunRecord, storeRoot: string, paint: Paint): string {
  const { stages, durationMs, status } = record;
  const results = [...usageLines(stages), ...metricLines(stages, paint), ...resultLines(stages, storeRoot)];
  if (status === "succeeded" && stages.every((stage) => stage.status === "cached")) {
    const all = stages.length === 1 ? `${stages[0]?.name} is` : `all ${stages.length} stages are`;
    return [`Nothing to do: ${all} up to date (${duration(durationMs)})`, ...results].join("\n");
  }
  const rows = [
    ["stage", "status", "time", "items", "why"],
    ...stages.map((stage) => stageRow(stage, paint)),
  ];
  const [titles = "", ...table] = columns(withoutEmpty(rows));
  return [
    paint("dim", titles),
    ...table,
    "",
    ...results,
    `${paint("bold", record.pipeline)} ${verdict(record, paint)} in ${duration(durationMs)}, run ${record.runId}`,
  ].join("\n");
}

/** Drops the columns that hold nothing but their title. */
function withoutEmpty(rows: readonly (readonly string[])[]): string[][] {
  const [, ...body] = rows;
  return rows.map((row) => row.filter((_, i) => body.some((cells) => cells[i] !== "")));
}

function stageRow(stage: StageRecord, paint: Paint): string[] {
  const [text, colour] = STATUS[stage.status];
  const worked = stage.status !== "cached" && stage.status !== "skipped";
  return [
    stage.name,
    paint(colour, text),
    worked ? duration(stage.durationMs) : "",
    stage.items ? itemsText(stage.items).replace(/ items?/, "") : "",
    stage.status === "cached" ? "" : printable(firstLine(stage.reason)),
  ];
}

function verdict({ status, stages }: RunRecord, paint: Paint): string {
  if (status === "succeeded") return paint("green", "done");
  if (status === "interrupted") return paint("yellow", "interrupted");
  const failed = stages.filter((stage) => stage.status === "failed").map(({ name }) => name);
  return paint("red", `failed (${failed.join(", ")})`);
}

/** Stages that feed no other stage of the run: what it was run for. */
function sinks(stages: readonly StageRecord[]): readonly StageRecord[] {
  const feedsOther = (stage: StageRecord) => {
    const hashes = new Set(Object.values(stage.outputs).map(({ hash }) => hash));
    return stages.some(
      (other) => other !== stage && Object.values(other.inputs).some((hash) => hashes.has(hash)),
    );
  };
  return stages.filter((stage) => !feedsOther(stage));
}

/** Flat metrics shown of one stage at most; all of them are in the record. */
const MAX_METRICS = 8;

function metricLines(stages: readonly StageRecord[], paint: Paint): string[] {
  return sinks(stages).flatMap(({ name, metrics }) => {
    const { map, map_baseline: baseline, map_tags: tags, micro_map: micro } = metrics;
    if (map === null && tags === 0) {
      const told = typeof micro === "number" ? `; micro mAP ${paint("bold", number(micro))}` : "";
      return [`${name}: no tag counts for macro mAP (see the report)${told}`];
    }
    if (typeof map === "number" && typeof baseline === "number") {
      const over = typeof tags === "number" ? ` over ${plural(tags, "tag")}` : "";
      return [`${name}: macro mAP ${paint("bold", number(map))}${over}, baseline ${number(baseline)}`];
    }
    const flat = Object.entries(metrics).flatMap(([key, value]) =>
      typeof value === "number"
        ? [`${key} ${number(value)}`]
        : typeof value === "string"
          ? [`${key} ${printable(value)}`]
          : [],
    );
    if (flat.length === 0) return [];
    const more = flat.length > MAX_METRICS ? `, and ${count(flat.length - MAX_METRICS)} more` : "";
    return [`${name}: ${flat.slice(0, MAX_METRICS).join(", ")}${more}`];
  });
}

/** How well a training kept the engine busy: "train: 223 images/s, 1.2 % of the time waiting for data". */
function usageLines(stages: readonly StageRecord[]): string[] {
  return stages.flatMap(({ name, usage }) => {
    const { images_per_second: speed, data_wait_share: share } = usage ?? {};
    if (speed === undefined || share === undefined) return [];
    return [`${name}: ${number(speed)} images/s, ${number(share * 100)} % of the time waiting for data`];
  });
}

/** Where to look: a report where a stage wrote one, else the folder of its outputs. */
function resultLines(stages: readonly StageRecord[], storeRoot: string): string[] {
  return sinks(stages).flatMap(({ name, outputs }) => {
    const [first] = Object.values(outputs);
    if (first === undefined) return [];
    const folder = relative(process.cwd(), resolve(dirname(storeRoot), first.path));
    const report = join(folder, "report.html");
    return [existsSync(report) ? `report: ${report}` : `${name}: ${folder}`];
  });
}
