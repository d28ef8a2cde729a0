import { statSync } from "node:fs";
import type { Column, ItemShape } from "../../contract/kind.js";
import { StageError } from "../../contract/stage.js";
import { type Duck, parquet, sqlName, sqlString } from "../../core/duck.js";
import type { IdRange } from "../../core/tables/parts.js";
import { inAny } from "../../core/tables/rows.js";
import type { Segment } from "../store/segments.js";
import type { Store } from "../store/store.js";

/**
 * The rows of one item stage in DuckDB, and what the item cache knows of them. `input`: the rows to be mapped. `known`: one
 * outcome per input. `todo`: one row per input without an outcome, numbered in `n`. `refused`: listed items that are not to
 * be had at all.
 */
export class ItemRows {
  /** Items of which an outcome is known were to do as well. */
  private again = false;
  /** Names of the segments whose outcomes are in `known`. */
  private readonly read = new Set<string>();

  constructor(
    private readonly duck: Duck,
    private readonly shape: ItemShape,
    private readonly store: Store,
    private readonly space: string,
  ) {}

  /**
   * Opens the input rows from a listing file. Of items with one id the first counts: a list names an address twice, two
   * searches find one picture. One that is another item under an id of the list's own is refused.
   *
   * @param names its columns beside id, input, refused and locator
   * @returns how many were left out, none of them another item
   */
  async openListing(path: string, names: readonly string[]): Promise<number> {
    const types = [
      ...["id", "input", ...names, "locator"].map((name) => `${sqlName(name)}: 'VARCHAR'`),
      "refused: 'STRUCT(class VARCHAR, detail VARCHAR)'",
    ];
    const listed = `FROM read_json(${sqlString(path)}, format = 'newline_delimited', columns = {${types.join(", ")}})`;
    await this.openInput(`SELECT * ${listed}`);
    const [counts] = await this.duck.all(
      "SELECT count(*) - count(DISTINCT id) AS again, count(refused) AS refused FROM input",
    );
    const again = Number(counts?.again);
    let others = 0;
    if (again > 0) {
      // Under an id of its own: what is refused by an id is not among the outputs.
      await this.duck.run(
        `INSERT INTO refused
         SELECT id || '~' || n, input, 'duplicate-id', 'another item before it has the id ' || id, source_url
         FROM (SELECT id, input, source_url, row_number() OVER listed AS n, first_value(input) OVER listed AS first
           FROM input WINDOW listed AS (PARTITION BY id ORDER BY rowid))
         WHERE n > 1 AND input <> first`,
      );
      others = await this.duck.value<number>("SELECT count(*) FROM refused");
      await this.duck.run("DELETE FROM input WHERE rowid NOT IN (SELECT min(rowid) FROM input GROUP BY id)");
    }
    if (Number(counts?.refused) > 0)
      await this.duck.run(
        `INSERT INTO refused SELECT id, input, refused.class, refused.detail, source_url FROM input
         WHERE refused IS NOT NULL;
         DELETE FROM input WHERE refused IS NOT NULL`,
      );
    await this.duck.run("ALTER TABLE input DROP COLUMN refused");
    return again - others;
  }

  /**
   * Opens the input rows from an artifact's table. An item's outcome depends on its `blob`, and on the columns that the
   * kind reads beside it.
   *
   * @param ranges only the rows with these ids
   * @throws StageError for a table, of a command or module, that is none of items
   */
  async openTable({ path, name }: InputTable, ranges?: readonly IdRange[]): Promise<void> {
    const described = await this.duck.all(`DESCRIBE SELECT * FROM ${parquet(path)}`);
    const types = new Map(described.map((column) => [String(column.column_name), column.column_type]));
    const missing = ["id", "blob"].find((column) => !types.has(column));
    if (missing !== undefined || types.get("blob") !== "VARCHAR") {
      const fault = missing === undefined ? "has no text in its column blob" : `has no column ${missing}`;
      throw new StageError(`${name} at its input \`${this.shape.port}\` ${fault}`, {
        class: "bad-table",
        hint: "a row is an item: its id, and as blob the sha256 of its bytes in the store; crawl and resize give such rows",
      });
    }
    const available = [...types.keys()];
    const read = (this.shape.reads ?? []).filter((name) => available.includes(name));
    const input = `concat_ws('/', ${["blob", ...read].map(sqlName).join(", ")})`;
    await this.openInput(
      `SELECT *, ${input} AS input, '' AS locator FROM ${parquet(path)} WHERE ${ranges ? inAny(ranges) : "true"}`,
    );
    // Ids of tables that have parts ascend.
    if (ranges) return;
    const [twice] = await this.duck.all(
      "SELECT id, count(*) AS n FROM input GROUP BY id HAVING count(*) > 1 ORDER BY id LIMIT 1",
    );
    if (!twice) return;
    throw new StageError(
      `the id ${twice.id} stands ${twice.n} times among the input rows; ids must be unique`,
      {
        hint: "the source or stage that gave these rows has to give each its own id",
      },
    );
  }

  private async openInput(query: string): Promise<void> {
    await this.duck.run(`CREATE TABLE input AS ${query}`);
    await this.duck.run(
      "CREATE TABLE refused (id VARCHAR, input VARCHAR, class VARCHAR, detail VARCHAR, source_url VARCHAR)",
    );
  }

  /**
   * Joins what the item cache holds to the input, and finds what is left to do; with `again` that is everything, each row with
   * what the cache keeps for the occasion.
   */
  async loadKnown(again: boolean): Promise<void> {
    this.again = again;
    const types = this.shape.columns.map(({ name, type }) => `, ${sqlName(name)} ${type}`).join("");
    await this.duck.run(
      `CREATE TABLE known (input VARCHAR, ok BOOLEAN, class VARCHAR, detail VARCHAR${types}, age BIGINT)`,
    );
    await this.loadOutcomes("input");
    const kept = columnsAt(this.shape, "cache").map(({ name }) => `, known.${sqlName(name)}`);
    const wanted = again
      ? `SELECT input.*${kept.join("")} FROM input LEFT JOIN known USING (input)`
      : "FROM input ANTI JOIN known USING (input)";
    await this.duck.run(
      `CREATE TABLE todo AS
       WITH wanted AS MATERIALIZED (${wanted}),
         twins AS (SELECT input, min(id) AS first FROM wanted GROUP BY input HAVING count(*) > 1)
       SELECT wanted.*, row_number() OVER () AS n FROM wanted LEFT JOIN twins USING (input)
       WHERE first IS NULL OR id = first`,
    );
  }

  /** Joins the outcomes of the items that were to do, now that they are in the item cache. */
  async loadDone(): Promise<void> {
    if (!this.again) return this.loadOutcomes("todo");
    this.read.clear();
    await this.duck.run("DELETE FROM known");
    await this.loadOutcomes("input");
  }

  /**
   * Adds to `known` one outcome for each input in a table that has any: the newest. What is still to do has none in the segments
   * that were read before.
   */
  private async loadOutcomes(table: "input" | "todo"): Promise<void> {
    const segments = this.store.items.segments(this.space).filter(({ name }) => !this.read.has(name));
    if (segments.length === 0) return;
    for (const { name } of segments) this.read.add(name);
    const columns = this.shape.columns.map(({ name }) => `, ${sqlName(name)}`).join("");
    const files = parquet(...segments.map(({ parquet: path }) => path));
    await this.duck.run(
      `INSERT INTO known SELECT input, ok, class, detail${columns}, file_index FROM ${files}
       WHERE input IN (SELECT input FROM ${table}) ${this.exceptLost(segments)}`,
    );
    // Few inputs stand in two segments, and those stand in one that is not the largest, which nearly always means: in one of
    // a few rows. To look for them costs a tenth of ordering all by input.
    const sizes = segments.map((segment) => statSync(segment.parquet).size);
    if (segments.length > 1)
      await this.duck.run(
        `DELETE FROM known USING (
           SELECT input, max(age) AS newest FROM known
           WHERE input IN (SELECT input FROM known WHERE age <> ${sizes.indexOf(Math.max(...sizes))})
           GROUP BY input HAVING count(*) > 1) repeated
         WHERE known.input = repeated.input AND age < newest`,
      );
  }

  /** A remembered outcome whose blob was lost is no outcome. */
  private exceptLost(segments: readonly Segment[]): string {
    const blobs = this.shape.columns.filter((column) => column.blob).map(({ name }) => sqlName(name));
    const conditions = segments.flatMap(({ lost }, age) => {
      if (lost.length === 0 || blobs.length === 0) return [];
      const isLost = blobs.map((name) => `coalesce(${name} IN (${lost.map(sqlString).join(", ")}), false)`);
      return ` AND NOT (file_index = ${age} AND (${isLost.join(" OR ")}))`;
    });
    return conditions.join("");
  }

  async todoCount(): Promise<number> {
    return this.duck.value<number>("SELECT count(*) FROM todo");
  }

  /** Writes every `shards`-th item to do, from `shard` on, as a host's todo file. */
  async writeTodo(shard: number, shards: number, path: string): Promise<void> {
    const described = await this.duck.all("DESCRIBE SELECT * EXCLUDE (input, locator, n) FROM todo");
    const scalars = described.filter(({ column_type: type }) => !/[[(]/.test(String(type)));
    const row = scalars.map(
      ({ column_name: name }) => `${sqlName(String(name))} := ${sqlName(String(name))}`,
    );
    await this.duck.run(
      `COPY (SELECT id, input, locator, struct_pack(${row.join(", ")}) AS row FROM todo WHERE n % ${shards} = ${shard})
       TO ${sqlString(path)} (FORMAT json)`,
    );
  }
}

/** The columns of outcomes that stand in a place of their own; without one, in the output. */
export function columnsAt(shape: ItemShape, place: Column["place"]): readonly Column[] {
  return shape.columns.filter((column) => column.place === place);
}

/** A table in an artifact. */
interface InputTable {
  /** Its name there. */
  readonly name: string;
  /** Where its bytes are, and their sha256. */
  readonly path: string;
  readonly blob: string;
}

/** The table in an artifact. @throws StageError where there is none */
export function inputTable(store: Store, hash: string, port: string): InputTable {
  const entries = Object.entries(store.trees.get(hash)?.entries ?? {});
  const found = entries.find(([, entry]) => entry.table);
  if (found) return { name: found[0], blob: found[1].blob, path: store.blobs.path(found[1].blob) };
  throw new StageError(`its input \`${port}\` holds no table`, {
    hint: "connect it to a stage that gives rows, like crawl",
  });
}
