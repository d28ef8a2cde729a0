import { closeSync, openSync, rmSync } from "node:fs";
import { type Duck, sqlString } from "../core/duck.js";
import { writeWhole } from "../core/files.js";
import { type WrittenTable, writeTable } from "../core/tables.js";

const LINES_AT_ONCE = 256;

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
    writeWhole(this.fd, bytes);
    this.lines = [];
  }
}
