import assert from "node:assert/strict";
import { closeSync } from "node:fs";
import { join } from "node:path";
import { Duck, sqlString } from "../../../src/core/duck.js";
import { CHUNK, field, GROUP, structsOf } from "../../../src/core/parquet/fields.js";
import { openParquet } from "../../../src/core/parquet/file.js";
import { temporaryFolder } from "../../rigs/folder.js";

/** Rows in a row group of the tables here. */
export const GROUP_ROWS = 40_960;

/** Every type of column that our tables have; `salt` tells the files apart. */
export function rowsOf(salt: number, from: number, to: number): string {
  return `SELECT printf('%07d-${salt}', i) AS id, i AS big, (i % 7)::INTEGER AS small, i / 3 + ${salt} AS score,
    i % 2 = 0 AS flag, (i * 1000003 + 9223372036854775808::UHUGEINT)::UBIGINT AS hash,
    CASE WHEN i % 5 = 0 THEN NULL ELSE 'kind ' || (i // ${GROUP_ROWS} * 3 + i % 3) END AS kind,
    CASE WHEN i % 4 = 0 THEN [] WHEN i % 9 = 0 THEN NULL
      ELSE [{tag: 'tag ' || (i % 13), score: i / 7}, {tag: NULL, score: ${salt}::DOUBLE}] END AS labels,
    {width: (i % 640)::INTEGER, name: CASE WHEN i % 3 = 0 THEN NULL ELSE 'n' || i END} AS about,
    NULL::VARCHAR AS nothing
    FROM range(${from}, ${to}) t(i) ORDER BY i`;
}

/** What a footer says of its row groups beside their pages is true, and no page index is promised. */
export function assertPlaces(path: string): void {
  const { fd, groups } = openParquet(path);
  closeSync(fd);
  for (const [place, { struct, from }] of groups.entries()) {
    assert.equal(field(struct, GROUP.fileOffset) ?? BigInt(from), BigInt(from));
    assert.equal(field(struct, GROUP.ordinal) ?? BigInt(place), BigInt(place));
    for (const chunk of structsOf(field(struct, GROUP.columns))) {
      for (const id of [CHUNK.offsetIndexOffset, CHUNK.columnIndexOffset])
        assert.equal(field(chunk, id), undefined);
    }
  }
}

/** A folder and a DuckDB for one test. */
export async function withTables<T>(work: (tables: Tables) => Promise<T>): Promise<T> {
  const folder = temporaryFolder();
  const duck = await Duck.open({ scratch: join(folder, "spill") });
  try {
    return await work(new Tables(duck, folder));
  } finally {
    duck.close();
  }
}

export class Tables {
  constructor(
    readonly duck: Duck,
    readonly folder: string,
  ) {}

  path(name: string): string {
    return join(this.folder, `${name}.parquet`);
  }

  /** Writes a query's rows as our stages do. */
  async write(name: string, query: string, options = ""): Promise<string> {
    const path = this.path(name);
    await this.duck.run(
      `COPY (${query}) TO ${sqlString(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${GROUP_ROWS}${options})`,
    );
    return path;
  }
}
