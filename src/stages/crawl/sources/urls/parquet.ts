import { Duck, parquet, sqlName } from "../../../../core/duck.js";
import type { Json } from "../../../../core/json.js";
import type { Row } from "./rows.js";

/** The rows of a Parquet file; of its columns those that are wanted and there. */
export async function* parquetRows(
  path: string,
  wanted: readonly string[],
  scratch: string,
): AsyncGenerator<Row> {
  const duck = await Duck.open({ scratch });
  try {
    const there = await duck.columns(parquet(path));
    const columns = wanted.filter((name) => there.includes(name));
    if (columns.length === 0) return;
    let line = 0;
    for await (const rows of duck.stream(`SELECT ${columns.map(sqlName).join(", ")} FROM ${parquet(path)}`)) {
      for (const fields of rows) yield { line: ++line, fields: fields as Readonly<Record<string, Json>> };
    }
  } finally {
    duck.close();
  }
}
