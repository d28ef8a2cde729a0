import { join } from "node:path";
import { type Duck, parquet, sqlName, sqlString } from "../duck.js";
import { contentHash, PartCutter, type TableParts, type WrittenTable } from "./parts.js";
import { cutRows, type Schema, schemaOf, schemaSum } from "./rows.js";

/** Columns of these names hold blob hashes, in every table. */
const BLOB_COLUMNS = ["blob", "raw"];

/** Rows that are encoded together: larger groups are no faster to read (measured), and cost more to exchange one row of. */
export const ROW_GROUP = 32_768;

/**
 * Writes the rows of a query as a Parquet file, in a total order, and hashes its content.
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
  await copyRows(duck, query, path, ROW_GROUP);
  return describeTable(duck, path, onRow);
}

export async function copyRows(duck: Duck, query: string, path: string, group: number): Promise<void> {
  await duck.run(
    `COPY (${query}) TO ${sqlString(path)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE ${group})`,
  );
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
  const schema = await schemaOf(duck, `FROM ${parquet(path)}`);
  const cutter = new PartCutter();
  await cutRows(duck, path, schema, cutter, undefined, onRow);
  return tableOf(schema, { schema: schemaSum(schema), list: cutter.end() }, cutter.ordered);
}

/** @param comparable whether another table may be compared with its parts */
export function tableOf(schema: Schema, parts: TableParts, comparable: boolean): WrittenTable {
  return {
    rows: parts.list.reduce((sum, [, rows]) => sum + rows, 0),
    content: contentHash(parts),
    blobColumns: schema.map(([name]) => name).filter((name) => BLOB_COLUMNS.includes(name)),
    ...(comparable && parts.list.length > 1 ? { parts } : {}),
  };
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
    `COPY (FROM ${parquet(path)} ORDER BY ${name}) TO ${sqlString(copy)} (FORMAT parquet, ROW_GROUP_SIZE ${ROW_GROUP})`,
  );
  return copy;
}
