import { readFileSync } from "node:fs";
import type { InputArtifact } from "../../contract/stage.js";
import { canonicalJson, type JsonObject } from "../../core/json.js";
import type { Measured } from "./measure.js";
import type { Metrics } from "./metrics.js";
import type { Epoch } from "./report/data.js";
import type { TagRow } from "./tables.js";

/** Six decimals: enough to compare runs by; null where a metric is not defined. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : null;
}

/** A set of metrics under their names in metrics.json and in the run record, with a suffix for the baseline's. */
function named(metrics: Metrics, suffix = ""): Record<string, number | null> {
  const { map, microMap, pAt1, pAt5, f1Micro, f1Macro, ece, kl, agreementAt1, agreementAt5 } = metrics;
  const values = {
    map,
    micro_map: microMap,
    p_at_1: pAt1,
    p_at_5: pAt5,
    f1_micro: f1Micro,
    f1_macro: f1Macro,
    ece,
    kl,
    agreement_at_1: agreementAt1,
    agreement_at_5: agreementAt5,
  };
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name + suffix, rounded(value)]));
}

/** The flat metrics of the stage: the student's, the baseline's with `_baseline`, and what they rest on. */
export function flatMetrics({ student, baseline, rules, thresholdImages }: Measured): JsonObject {
  const metrics = student.metrics();
  return {
    ...named(metrics),
    ...named(baseline.metrics(), "_baseline"),
    map_tags: metrics.tags,
    images: metrics.images,
    threshold: rules.threshold,
    threshold_chosen_on: thresholdImages > 0 ? `${thresholdImages} training images` : "by convention",
  };
}

/** The text of metrics.json: the flat metrics and the calibration bins. */
export function metricsDocument(measured: Measured): string {
  const calibration = measured.student.bins().map((bin) => ({ ...bin }));
  return `${canonicalJson({ ...flatMetrics(measured), calibration })}\n`;
}

/** Each tag with its metrics, by position. */
export function tagRows(
  tags: readonly string[],
  { student }: Measured,
  prevalence: Float32Array,
): readonly TagRow[] {
  return tags.map((tag, position) => ({
    tag,
    position,
    trainPrevalence: prevalence[position]!,
    ...student.tag(position),
  }));
}

/** The model's history, one object of numbers for each epoch; empty for a model that brings none. */
export function readHistory(model: InputArtifact): Epoch[] {
  if (!model.files.includes("history.jsonl")) return [];
  const lines = readFileSync(model.path("history.jsonl"), "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as Epoch);
}
