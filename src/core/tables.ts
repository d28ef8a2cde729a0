import { createHash } from "node:crypto";
import { join } from "node:path";
import { type Duck, numberedParquet, parquet, sqlName, sqlString } from "./duck.js";
import { sha256 } from "./hash.js";
import { canonicalJson } from "./json.js";

/** A table as written: its row count and its content hash. */
export interface WrittenTable {
  readonly rows: number;
  /** sha256 over schema and ordered rows: independent of the Parquet encoding and of the DuckDB version. */
  readonly content: string;
  /** Its columns that name blobs in the store, so that gc and verify can follow them. */
  readonly blobColumns: readonly string[];
}

/** Columns of these names hold blob hashes, in every table. */
const BLOB_COLUMNS = ["blob", "raw"];

/** Rows hashed together; part of what a table's content hash means. */
const HASH_CHUNK = 2048;

/**
 * Writes the rows of a query as a Parquet file, in a total order, and hashes its content:
 * sha256(tag, schema as canonical JSON, sha256 of each run of 2,048 rows as JSON lines).
 *
 * @param query a SELECT without ORDER BY
 * @param orderBy columns that order the rows totally, e.g. ["id"]
 */
export async function writeTable(
  duck: Duck,
  query: string,
  orderBy: readonly string[],
  path: string,
): Promise<WrittenTable> {
  return writeOrdered(duck, `SELECT * FROM (${query}) ORDER BY ${orderBy.map(sqlName).join(", ")}`, path);
}

/**
 * Like `writeTable`, for a query that orders its rows totally itself.
 *
 * @param onRow called with each row as JSON, in order
 */
export async function writeOrdered(
  duck: Duck,
  query: string,
  path: string,
  onRow?: (json: string) => void,
): Promise<WrittenTable> {
  await duck.run(
    `COPY (${query}) TO ${sqlString(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)`,
  );
  return describeTable(duck, path, onRow);
}

/**
 * The table with its rows in the order of a column: the file itself, or, where they are not (a module of somebody's own
 * may write as it likes), a sorted copy in the folder `scratch`.
 */
export async function inOrderOf(duck: Duck, column: string, path: string, scratch: string): Promise<string> {
  const name = sqlName(column);
  const before = `SELECT ${name}, lag(${name}) OVER () AS before FROM ${parquet(path)}`;
  if (!(await duck.value<boolean>(`SELECT count(*) > 0 FROM (${before}) WHERE before > ${name}`)))
    return path;
  const copy = join(scratch, `by-${column}.parquet`);
  await duck.run(
    `COPY (FROM ${parquet(path)} ORDER BY ${name}) TO ${sqlString(copy)} (FORMAT parquet, ROW_GROUP_SIZE 122880)`,
  );
  return copy;
}

/**
 * Row count, content hash and blob columns of a Parquet file whose rows stand in their total order.
 *
 * @param onRow called with each row as JSON, in order
 */
export async function describeTable(
  duck: Duck,
  path: string,
  onRow?: (json: string) => void,
): Promise<WrittenTable> {
  const source = numberedParquet(path);
  const schema = await duck.all(`DESCRIBE SELECT * FROM ${parquet(path)}`);
  const columns = schema.map((column) => [String(column.column_name), String(column.column_type)]);
  const hash = createHash("sha256");
  hash.update(`table/1\n${canonicalJson(columns)}\n`);
  const record = columns.map(([name]) => `${sqlName(name!)} := ${sqlName(name!)}`).join(", ");
  // Streamed in the file's order and put together here: an aggregate over runs of rows would hold the whole table.
  const lines = duck.streamText(
    `SELECT file_row_number || ' ' || CAST(to_json(struct_pack(${record})) AS VARCHAR) FROM ${source}`,
  );
  let run: string[] = [];
  const endRun = () => {
    hash.update(`${sha256(run.join("\n"))}\n`);
    run = [];
  };
  let next = 0;
  for await (const chunk of lines) {
    for (const line of chunk) {
      const number = `${next} `;
      if (!line.startsWith(number))
        throw new Error(`${path}: row ${line.split(" ", 1)} came where row ${next} belongs`);
      const row = line.slice(number.length);
      run.push(row);
      onRow?.(row);
      if (run.length === HASH_CHUNK) endRun();
      next++;
    }
  }
  if (run.length > 0) endRun();
  const names = columns.map(([name]) => String(name));
  return {
    rows: next,
    content: hash.digest("hex"),
    blobColumns: names.filter((name) => BLOB_COLUMNS.includes(name)),
  };
}
