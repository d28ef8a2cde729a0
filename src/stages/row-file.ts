import { type Duck, sqlString } from "../core/duck.js";
import { LineFile } from "../core/line-file.js";
import type { WrittenTable } from "../core/tables/parts.js";
import { writeTable } from "../core/tables/write.js";

/** Rows in a scratch file of JSON lines, from which DuckDB makes a table. */
export class RowFile {
  private readonly lines: LineFile;

  constructor(path: string) {
    this.lines = new LineFile(path);
  }

  add(row: object): void {
    this.lines.add(JSON.stringify(row));
  }

  /**
   * Writes the rows as a Parquet table, ordered.
   *
   * @param columns DuckDB type by column name
   */
  async toTable(
    duck: Duck,
    columns: Readonly<Record<string, string>>,
    orderBy: readonly string[],
    path: string,
  ): Promise<WrittenTable> {
    this.lines.flush();
    const types = Object.entries(columns).map(([name, type]) => `${sqlString(name)}: ${sqlString(type)}`);
    const source = `read_json(${sqlString(this.lines.path)}, format = 'newline_delimited', columns = {${types.join(", ")}})`;
    return writeTable(duck, `SELECT * FROM ${source}`, orderBy, path);
  }

  /** Removes the scratch file. */
  close(): void {
    this.lines.discard();
  }
}
