import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { type Duck, sqlString } from "../../core/duck.js";
import { type WrittenTable, writeTable } from "../../core/tables.js";
import type { TagMetrics } from "./metrics.js";

const LINES_AT_ONCE = 256;

/** A row of tags.parquet. */
export interface TagRow extends TagMetrics {
  readonly tag: string;
  readonly position: number;
  /** Share of training images on which the tag is present: the baseline's score. */
  readonly trainPrevalence: number;
}

/** JSON lines in a scratch file that DuckDB reads back as a table. */
export class LineFile {
  private readonly fd: number;
  private lines: string[] = [];

  constructor(readonly path: string) {
    this.fd = openSync(path, "w");
  }

  add(row: object): void {
    this.lines.push(`${JSON.stringify(row)}\n`);
    if (this.lines.length >= LINES_AT_ONCE) this.flush();
  }

  /**
   * Writes the lines as a Parquet table, ordered.
   *
   * @param columns DuckDB type by column name
   */
  async toTable(
    duck: Duck,
    columns: Readonly<Record<string, string>>,
    orderBy: readonly string[],
    path: string,
  ): Promise<WrittenTable> {
    this.flush();
    const types = Object.entries(columns).map(([name, type]) => `${sqlString(name)}: ${sqlString(type)}`);
    const source = `read_json(${sqlString(this.path)}, format = 'newline_delimited', columns = {${types.join(", ")}})`;
    return writeTable(duck, `SELECT * FROM ${source}`, orderBy, path);
  }

  close(): void {
    closeSync(this.fd);
    rmSync(this.path, { force: true });
  }

  private flush(): void {
    if (this.lines.length === 0) return;
    const bytes = Buffer.from(this.lines.join(""));
    for (let at = 0; at < bytes.length; ) at += writeSync(this.fd, bytes, at);
    this.lines = [];
  }
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
