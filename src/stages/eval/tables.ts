import type { TagMetrics } from "./metrics.js";

/** A row of tags.parquet. */
export interface TagRow extends TagMetrics {
  readonly tag: string;
  readonly position: number;
  /** Share of training images on which the tag is present: the baseline's score. */
  readonly trainPrevalence: number;
}

export const PREDICTION_COLUMNS = { id: "VARCHAR", labels: "STRUCT(tag VARCHAR, score DOUBLE)[]" } as const;

export const TAG_COLUMNS = {
  tag: "VARCHAR",
  position: "BIGINT",
  positives: "BIGINT",
  prevalence: "DOUBLE",
  train_prevalence: "DOUBLE",
  ap: "DOUBLE",
  precision: "DOUBLE",
  recall: "DOUBLE",
  f1: "DOUBLE",
  mean_score: "DOUBLE",
  mean_teacher: "DOUBLE",
  counted: "BOOLEAN",
} as const;

/** A tag's row under the column names of TAG_COLUMNS. */
export function tagColumns(row: TagRow): Record<keyof typeof TAG_COLUMNS, string | number | boolean | null> {
  return {
    tag: row.tag,
    position: row.position,
    positives: row.positives,
    prevalence: row.prevalence,
    train_prevalence: row.trainPrevalence,
    ap: Number.isNaN(row.ap) ? null : row.ap,
    precision: row.precision,
    recall: row.recall,
    f1: row.f1,
    mean_score: row.meanScore,
    mean_teacher: row.meanTeacher,
    counted: row.counted,
  };
}
