import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StageContext } from "../../contract/stage.js";
import { canonicalJson, type JsonObject } from "../../core/json.js";
import type { Card } from "./gallery.js";
import type { Measured } from "./measure.js";
import type { Metrics } from "./metrics.js";
import type { Epoch, PictureCard } from "./report/data.js";
import type { Samples } from "./samples.js";
import type { TagRow } from "./tables.js";
import { thumbnail } from "./thumbnails.js";

/** Six decimals: enough to compare runs by; null where a metric is not defined. */
function rounded(value: number): number | null {
  return Number.isFinite(value) ? Math.round(value * 1e6) / 1e6 : null;
}

/** A set of metrics under their names in metrics.json and in the run record, with a suffix for the baseline's. */
function named(metrics: Metrics, suffix = ""): Record<string, number | null> {
  const { map, microMap, pAt1, pAt5, f1Micro, f1Macro, ece, kl } = metrics;
  const values = {
    map,
    micro_map: microMap,
    p_at_1: pAt1,
    p_at_5: pAt5,
    f1_micro: f1Micro,
    f1_macro: f1Macro,
    ece,
    kl,
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

/** metrics.json: the flat metrics and the calibration bins. */
export function writeMetrics(folder: string, measured: Measured): void {
  const document = { ...flatMetrics(measured), calibration: measured.student.bins().map((bin) => ({ ...bin })) };
  writeFileSync(join(folder, "metrics.json"), `${canonicalJson(document)}\n`);
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

/** The model's history: one line of numbers for each epoch; lines that are none are left out. */
export function readHistory(path: string): Epoch[] {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line.trim() !== "").map((line) => JSON.parse(line) as Epoch);
}

/** Adds their pictures to cards. A picture the store has lost is left out and noted: a report must not fail for it. */
export async function addPictures(
  context: StageContext,
  samples: Samples,
  lists: readonly (readonly Card[])[],
): Promise<PictureCard[][]> {
  const blobs = await samples.blobs([...new Set(lists.flat().map((card) => card.id))]);
  const load = async (card: Card): Promise<PictureCard> => {
    try {
      const picture = await thumbnail(await context.blob(blobs.get(card.id)!));
      return picture ? { ...card, picture } : card;
    } catch (error) {
      context.note(`no picture of ${card.id} in the report: ${(error as Error).message}`);
      return card;
    }
  };
  return Promise.all(lists.map((cards) => Promise.all(cards.map(load))));
}
