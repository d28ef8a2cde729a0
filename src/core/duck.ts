import { createRequire } from "node:module";
import type { DuckDBConnection, DuckDBDataChunk, DuckDBInstance, DuckDBResult } from "@duckdb/node-api";
import type { Json } from "./json.js";

export interface DuckOptions {
  /** Folder for spill files. */
  readonly scratch: string;
  /** Memory DuckDB may hold before it spills, in MiB. Default 384; the process takes up to twice that (measured). */
  readonly memoryMiB?: number;
  readonly threads?: number;
}

type Cell = string | Uint8Array | null;

export type DuckRow = Readonly<Record<string, Json>>;

/** A DuckDB connection with pinned settings: no extension is ever fetched, row order is kept, memory is bounded. */
export class Duck {
  private constructor(
    private readonly instance: DuckDBInstance,
    private readonly connection: DuckDBConnection,
  ) {}

  static async open(options: DuckOptions): Promise<Duck> {
    const { DuckDBInstance } = await loadDuckDB();
    const instance = await DuckDBInstance.create(":memory:", {
      autoinstall_known_extensions: "false",
      autoload_known_extensions: "false",
      temp_directory: options.scratch,
      memory_limit: `${options.memoryMiB ?? 384}MiB`,
      threads: String(options.threads ?? 2),
      preserve_insertion_order: "true",
      default_null_order: "nulls_first",
    });
    const connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    return new Duck(instance, connection);
  }

  /** Runs one statement. Values are bound to $name. */
  async run(sql: string, values?: Record<string, string | number | boolean | null>): Promise<void> {
    await this.connection.run(sql, values);
  }

  /** All rows of a query as JSON values (BIGINT becomes number): for small results only. */
  async all(sql: string, values?: Record<string, string | number | boolean | null>): Promise<DuckRow[]> {
    const rows: DuckRow[] = [];
    for await (const chunk of this.stream(sql, values)) rows.push(...chunk);
    return rows;
  }

  /** The first row's only value. */
  async value<T extends Json>(
    sql: string,
    values?: Record<string, string | number | boolean | null>,
  ): Promise<T> {
    const [row] = await this.all(sql, values);
    return Object.values(row ?? {})[0] as T;
  }

  /** The rows of a query in chunks of up to 2,048, without holding the whole result. */
  async *stream(
    sql: string,
    values?: Record<string, string | number | boolean | null>,
  ): AsyncGenerator<DuckRow[]> {
    const result = await this.connection.stream(sql, values);
    const names = result.deduplicatedColumnNames();
    for await (const chunk of chunksOf(result)) {
      yield chunk.getRows().map((row) => Object.fromEntries(names.map((n, i) => [n, toJson(row[i])])));
    }
  }

  /** The strings of a query's only column, in chunks: several times faster than rows. */
  async *streamText(sql: string): AsyncGenerator<string[]> {
    for await (const chunk of chunksOf(await this.connection.stream(sql))) {
      yield chunk.getColumnValues(0).map(String);
    }
  }

  /** A query's columns of 32-bit numbers (INTEGER, UINTEGER), in chunks: several times faster than rows. */
  async *streamNumbers(sql: string): AsyncGenerator<readonly (readonly number[])[]> {
    for await (const chunk of chunksOf(await this.connection.stream(sql))) {
      yield chunk.getColumns() as readonly (readonly number[])[];
    }
  }

  /** The column names of a table expression. */
  async columns(table: string): Promise<string[]> {
    return (await this.all(`DESCRIBE SELECT * FROM ${table}`)).map((row) => String(row.column_name));
  }

  /** Adds rows of whole numbers to a table of INTEGER columns: far faster than INSERT for many rows. */
  async appendIntegers(table: string, rows: Iterable<readonly number[]>): Promise<void> {
    const appender = await this.connection.createAppender(table);
    try {
      for (const row of rows) {
        for (const value of row) appender.appendInteger(value);
        appender.endRow();
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  }

  /** Adds rows of texts and bytes to a table of VARCHAR and BLOB columns; null is NULL. */
  async append(
    table: string,
    rows: Iterable<readonly Cell[]> | AsyncIterable<readonly Cell[]>,
  ): Promise<void> {
    const appender = await this.connection.createAppender(table);
    try {
      for await (const row of rows) {
        for (const value of row) {
          if (value === null) appender.appendNull();
          else if (typeof value === "string") appender.appendVarchar(value);
          else appender.appendBlob(value);
        }
        appender.endRow();
      }
      appender.flushSync();
    } finally {
      appender.closeSync();
    }
  }

  /** Drops all tables: it is as good as new then. */
  async clear(): Promise<void> {
    const tables = await this.all("SELECT table_name AS name FROM duckdb_tables()");
    if (tables.length > 0)
      await this.run(tables.map(({ name }) => `DROP TABLE ${sqlName(String(name))}`).join(";"));
  }

  async useThreads(threads: number): Promise<void> {
    await this.run(`SET threads = ${threads}`);
  }

  close(): void {
    this.connection.closeSync();
    this.instance.closeSync();
  }
}

/**
 * Loaded when first needed, since it takes longer than a whole run that has nothing to do; and by `require`, since an
 * `import` would first scan all its CommonJS files for the names they export, which takes as long again.
 */
async function loadDuckDB(): Promise<typeof import("@duckdb/node-api")> {
  return createRequire(import.meta.url)("@duckdb/node-api");
}

/** The chunks of a result. DuckDB makes the next one while the caller works on this. */
async function* chunksOf(result: DuckDBResult): AsyncGenerator<DuckDBDataChunk> {
  let next = result.fetchChunk();
  try {
    for (;;) {
      const chunk = await next;
      if (!chunk || chunk.rowCount === 0) return;
      next = result.fetchChunk();
      // Its failure is met when it is awaited; until then it is no unhandled rejection.
      next.catch(() => {});
      yield chunk;
    }
  } finally {
    await next.catch(() => {});
  }
}

/** A DuckDB value as JSON: BIGINT and DECIMAL as number, lists as arrays, structs as objects. */
function toJson(value: unknown): Json {
  if (typeof value === "bigint") return Number(value);
  if (value === undefined || value === null) return null;
  if (typeof value !== "object") return value as Json;
  if ("toDouble" in value && typeof value.toDouble === "function") return value.toDouble();
  if ("items" in value && Array.isArray(value.items)) return value.items.map(toJson);
  if ("entries" in value && typeof value.entries === "object") {
    return Object.fromEntries(Object.entries(value.entries as object).map(([k, v]) => [k, toJson(v)]));
  }
  return String(value);
}

/** A string as a quoted SQL literal. */
export function sqlString(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A name as a quoted SQL identifier. */
export function sqlName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** Parquet files, one or more of the same columns, as a table expression; exact paths, no globbing. */
export function parquet(...paths: readonly string[]): string {
  const [first, ...others] = paths.map(exactPath);
  return others.length === 0 ? `read_parquet(${first})` : `read_parquet([${[first, ...others].join(", ")}])`;
}

/** The same with the column `file_row_number`, 0 for the first row: unlike a window's row_number(), by all threads. */
export function numberedParquet(path: string): string {
  return `read_parquet(${exactPath(path)}, file_row_number = true)`;
}

function exactPath(path: string): string {
  return sqlString(path.replace(/[*?[\]{}]/g, (c) => `[${c}]`));
}
