import { type Duck, parquet } from "../../core/duck.js";

/** What eval asks of samples.parquet. */
export class Samples {
  private readonly table: string;

  constructor(
    private readonly duck: Duck,
    path: string,
  ) {
    this.table = parquet(path);
  }

  async count(split: "train" | "holdout"): Promise<number> {
    return this.duck.value<number>(`SELECT count(*) FROM ${this.table} WHERE split = $split`, { split });
  }

  /** Share of training images on which each tag is present, [tags]; all 0 without training images. */
  async trainPrevalence(tagCount: number, positiveAt: number): Promise<Float32Array> {
    const images = await this.count("train");
    const rows = await this.duck.all(
      `SELECT l.position AS position, count(*) AS n
       FROM (SELECT unnest(labels) AS l FROM ${this.table} WHERE split = 'train')
       WHERE l.score >= $at GROUP BY 1`,
      { at: positiveAt },
    );
    const shares = new Float32Array(tagCount);
    for (const row of rows) shares[Number(row.position)] = Number(row.n) / images;
    return shares;
  }

  /** The blob of each of a few images. */
  async blobs(ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const names = Object.fromEntries(ids.map((id, i) => [`id${i}`, id]));
    if (ids.length === 0) return new Map();
    const rows = await this.duck.all(
      `SELECT id, blob FROM ${this.table} WHERE id IN (${Object.keys(names).map((n) => `$${n}`)})`,
      names,
    );
    return new Map(rows.map((row) => [String(row.id), String(row.blob)]));
  }
}
