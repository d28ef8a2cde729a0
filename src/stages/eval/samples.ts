import { type Duck, type DuckRow, parquet } from "../../core/duck.js";

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

  /** Where the picture of each of a few images is: in the store by its blob, or (null) in its shard alone. */
  async places(
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, { readonly blob: string | null; readonly shard: string }>> {
    const rows = await this.few("id, blob, shard", this.table, ids);
    return new Map(
      rows.map((row) => [String(row.id), { blob: row.blob as string | null, shard: String(row.shard) }]),
    );
  }

  /** Source (path or URL) of each of a few images, of those that a table of images tells. */
  async sources(images: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const table = parquet(images);
    if (!(await this.duck.columns(table)).includes("source_url")) return new Map();
    const rows = await this.few("id, source_url", table, ids);
    return new Map(
      rows.flatMap((row) => (row.source_url === null ? [] : [[String(row.id), String(row.source_url)]])),
    );
  }

  private async few(columns: string, table: string, ids: readonly string[]): Promise<DuckRow[]> {
    if (ids.length === 0) return [];
    const names = Object.fromEntries(ids.map((id, i) => [`id${i}`, id]));
    const list = Object.keys(names).map((name) => `$${name}`);
    return this.duck.all(`SELECT ${columns} FROM ${table} WHERE id IN (${list})`, names);
  }
}
