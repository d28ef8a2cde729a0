import { type Duck, numberedParquet, sqlName, sqlString } from "../duck.js";
import { type Sha256, sha256 } from "../hash.js";
import { canonicalJson } from "../json.js";
import type { IdRange, PartCutter } from "./parts.js";

/** A table's columns: name and DuckDB type, in order. */
export type Schema = readonly (readonly [name: string, type: string])[];

/** The columns of a query. */
export async function schemaOf(duck: Duck, query: string): Promise<Schema> {
  const columns = await duck.all(`DESCRIBE ${query}`);
  return columns.map((column) => [String(column.column_name), String(column.column_type)]);
}

export function schemaSum(schema: Schema): Sha256 {
  return sha256(canonicalJson(schema));
}

export function columnList(schema: Schema): string {
  return schema.map(([name]) => sqlName(name)).join(", ");
}

/**
 * Goes through rows of a Parquet file as JSON, in the file's order: an aggregate over runs of rows would hold the whole table.
 *
 * @param rows in SQL: the file's, or some of them, with their `file_row_number`
 * @param onRow is told the row's number in the file as well
 */
export async function streamRows(
  duck: Duck,
  rows: string,
  schema: Schema,
  onRow: (json: string, number: number) => void,
): Promise<void> {
  const record = schema.map(([name]) => `${sqlName(name)} := ${sqlName(name)}`).join(", ");
  const lines = duck.streamText(
    `SELECT file_row_number || ' ' || CAST(to_json(struct_pack(${record})) AS VARCHAR)
     FROM ${rows}`,
  );
  let last = -1;
  for await (const chunk of lines) {
    for (const line of chunk) {
      const space = line.indexOf(" ");
      const number = Number(line.slice(0, space));
      if (number <= last) throw new Error(`row ${number} came after row ${last} of ${rows}`);
      last = number;
      onRow(line.slice(space + 1), number);
    }
  }
}

/** Hands rows of a Parquet file to a cutter: all, or those whose ids are in a range. */
export async function cutRows(
  duck: Duck,
  path: string,
  schema: Schema,
  cutter: PartCutter,
  range?: IdRange,
  onRow?: (json: string) => void,
): Promise<void> {
  const [first] = schema;
  const hasId = first?.[0] === "id" && first[1] === "VARCHAR";
  let next: number | undefined = range ? undefined : 0;
  const rows = `${numberedParquet(path)} WHERE ${range ? inAny([range]) : "true"}`;
  await streamRows(duck, rows, schema, (row, number) => {
    next ??= number;
    if (number !== next) throw new Error(`${path}: row ${number} came where row ${next} belongs`);
    next++;
    cutter.add(row, hasId ? idOf(row) : null);
    onRow?.(row);
  });
}

/** That an id is in one of some ranges, in SQL. */
export function inAny(ranges: readonly IdRange[]): string {
  const conditions = ranges.map(({ from, to }) => {
    const end = to === undefined ? "" : ` AND id < ${sqlString(to)}`;
    return `(id >= ${sqlString(from)}${end})`;
  });
  return conditions.length === 0 ? "false" : `(${conditions.join(" OR ")})`;
}

/** The first value of a row `{"id":"…",…}`, or of `{"id":null,…}`. */
function idOf(row: string): string | null {
  const start = '{"id":"'.length;
  if (row[start - 1] !== '"') return null;
  let end = row.indexOf('"', start);
  const text = row.slice(start, end);
  if (!text.includes("\\")) return text;
  // An escaped character: the string ends at the first quote with an even number of backslashes before it.
  while (/(?:^|[^\\])(?:\\\\)*\\$/.test(row.slice(start - 1, end))) end = row.indexOf('"', end + 1);
  return JSON.parse(row.slice(start - 1, end + 1)) as string;
}
