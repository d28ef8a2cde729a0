import type { Picture } from "../../report/thumbnails.js";
import type { CalibrationBin } from "../calibration.js";
import type { Card } from "../gallery.js";
import type { Metrics, Rules } from "../metrics.js";
import type { TagRow } from "../tables.js";

export interface PictureCard extends Card {
  /** Absent where the store has lost the picture or it cannot be decoded. */
  readonly picture?: Picture;
  /** Path or address of the original, where it is known. */
  readonly source?: string;
}

/** An epoch of the model's history.jsonl: numbers by name, `epoch` among them. */
export type Epoch = Readonly<Record<string, number>>;

/** All that the report shows. */
export interface ReportData {
  /** What the student is, as name and value, for the line under the title. */
  readonly about: readonly (readonly [name: string, value: string])[];
  /** False where the student's loss makes scores that rank an image's tags and mean no more than that. */
  readonly calibrated: boolean;
  readonly metrics: Metrics;
  readonly baseline: Metrics;
  readonly rules: Rules;
  readonly baselineThreshold: number;
  /** Training images on which the thresholds were chosen; 0: the threshold is 0.5 by convention. */
  readonly thresholdImages: number;
  readonly tags: readonly TagRow[];
  readonly bins: readonly CalibrationBin[];
  readonly history: readonly Epoch[];
  readonly best: readonly PictureCard[];
  readonly worst: readonly PictureCard[];
  readonly random: readonly PictureCard[];
}
