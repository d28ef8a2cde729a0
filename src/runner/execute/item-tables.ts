import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Column, ItemShape, Kind, RowRule } from "../../contract/kind.js";
import { StageError } from "../../contract/stage.js";
import { TASK_FILES } from "../../contract/task.js";
import { type Duck, parquet, sqlName, sqlString } from "../../core/duck.js";
import { writeTable } from "../../core/tables.js";
import type { ArtifactRef } from "../plan/plan.js";
import type { Segment } from "../store/segments.js";
import type { Store } from "../store/store.js";

/**
 * The tables of one item stage in DuckDB. `input`: the rows to be mapped. `known`: one outcome per input, from the
 * item cache. `todo`: one row per input without an outcome, numbered in `n`. `passing`: failures of this run that may pass.
 * `refused`: listed items that are not to be had at all.
 */
export class ItemTables {
  private readonly shape: ItemShape;
  /** Items of which an outcome is known were to do as well. */
  private again = false;

  constructor(
    private readonly duck: Duck,
    private readonly kind: Kind,
    private readonly store: Store,
    private readonly space: string,
  ) {
    if (!kind.item) throw new Error(`${kind.name} is no item kind`);
    this.shape = kind.item;
  }

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
    const again = await this.duck.value<number>("SELECT count(*) - count(DISTINCT id) FROM input");
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
    await this.duck.run(
      `INSERT INTO refused SELECT id, input, refused.class, refused.detail, source_url FROM input
       WHERE refused IS NOT NULL`,
    );
    await this.duck.run("DELETE FROM input WHERE refused IS NOT NULL");
    await this.duck.run("ALTER TABLE input DROP COLUMN refused");
    return again - others;
  }

  /**
   * Opens the input rows from an artifact's table. An item's outcome depends on its `blob`, and on the columns that the
   * kind reads beside it.
   */
  async openTable(path: string): Promise<void> {
    const available = await this.duck.all(`DESCRIBE SELECT * FROM ${parquet(path)}`);
    const read = (this.shape.reads ?? []).filter((name) =>
      available.some((column) => column.column_name === name),
    );
    const input = `concat_ws('/', ${["blob", ...read].map(sqlName).join(", ")})`;
    await this.openInput(`SELECT *, ${input} AS input, '' AS locator FROM ${parquet(path)}`);
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
    await this.duck.run(`CREATE TABLE known AS ${await this.outcomesOf("input")}`);
    const kept = this.columnsAt("cache").map((name) => `, known.${sqlName(name)}`);
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
    if (this.again) await this.duck.run(`CREATE OR REPLACE TABLE known AS ${await this.outcomesOf("input")}`);
    else await this.duck.run(`INSERT INTO known ${await this.outcomesOf("todo")}`);
  }

  private columnsAt(place: Column["place"]): readonly string[] {
    return this.shape.columns.filter((column) => column.place === place).map((column) => column.name);
  }

  /** A query of one outcome for each input in a table that has any: the newest. */
  private async outcomesOf(table: "input" | "todo"): Promise<string> {
    const columns = this.shape.columns.map((column) => sqlName(column.name)).join(", ");
    const segments = this.store.items.segments(this.space);
    const rows = segments.map(
      (segment, age) =>
        `SELECT input, ok, class, detail, ${columns}, ${age} AS age FROM ${parquet(segment.parquet)}
         ${this.exceptLost(segment.lost)}`,
    );
    const none = this.shape.columns.map(({ name, type }) => `NULL::${type} AS ${sqlName(name)}`).join(", ");
    const empty = `SELECT NULL::VARCHAR AS input, NULL::BOOLEAN AS ok, NULL::VARCHAR AS class,
      NULL::VARCHAR AS detail, ${none}, 0 AS age WHERE false`;
    const all = [empty, ...rows].join(" UNION ALL ");
    // Few inputs stand in two segments: to look for those costs a tenth of ordering all rows by input. They stand in one
    // that is not the largest, which nearly always means: in one of a few rows.
    const largest = segments.toSorted((a, b) => bytesOf(b) - bytesOf(a))[0];
    const others = segments.flatMap((segment) =>
      segment === largest ? [] : `SELECT input FROM ${parquet(segment.parquet)}`,
    );
    const twice =
      others.length === 0
        ? "false"
        : `input IN (${others.join(" UNION ALL ")}) AND input IN (SELECT input FROM ${table})`;
    await this.duck.run(
      `CREATE OR REPLACE TABLE repeated AS SELECT input, max(age) AS newest FROM (${all})
       WHERE ${twice} GROUP BY input HAVING count(*) > 1`,
    );
    return `SELECT outcome.* EXCLUDE (age) FROM (${all}) outcome
      LEFT JOIN repeated ON repeated.input = outcome.input
      WHERE outcome.input IN (SELECT input FROM ${table}) AND (newest IS NULL OR age = newest)`;
  }

  /** A remembered outcome whose blob was lost is no outcome. */
  private exceptLost(lost: readonly string[]): string {
    const blobs = this.shape.columns.filter((column) => column.blob);
    if (lost.length === 0 || blobs.length === 0) return "";
    const list = lost.map(sqlString).join(", ");
    return `WHERE ${blobs.map(({ name }) => `coalesce(${sqlName(name)} NOT IN (${list}), true)`).join(" AND ")}`;
  }

  async todoCount(): Promise<number> {
    return this.duck.value<number>("SELECT count(*) FROM todo");
  }

  /** Writes every `shards`-th item to do, from `shard` on, as a host's todo file; returns how many. */
  async writeTodo(shard: number, shards: number, path: string): Promise<number> {
    const described = await this.duck.all("DESCRIBE SELECT * EXCLUDE (input, locator, n) FROM todo");
    const scalars = described.filter(({ column_type: type }) => !/[[(]/.test(String(type)));
    const row = scalars.map(
      ({ column_name: name }) => `${sqlName(String(name))} := ${sqlName(String(name))}`,
    );
    const share = `FROM todo WHERE n % ${shards} = ${shard}`;
    await this.duck.run(
      `COPY (SELECT id, input, locator, struct_pack(${row.join(", ")}) AS row ${share})
       TO ${sqlString(path)} (FORMAT json)`,
    );
    return this.duck.value<number>(`SELECT count(*) ${share}`);
  }

  /** Notes the failures of finished hosts that may pass: they are in no cache, but in this result's failures. */
  async notePassing(folders: readonly string[]): Promise<number> {
    // A host that died at once has no log.
    const logs = folders.map((folder) => join(folder, TASK_FILES.items)).filter((path) => existsSync(path));
    const told = this.shape.columns.filter((column) => column.place === "failures");
    const types = told.map(({ name, type }) => `, ${sqlName(name)} ${type}`);
    await this.duck.run(
      `CREATE OR REPLACE TABLE passing (input VARCHAR, class VARCHAR, detail VARCHAR${types.join("")})`,
    );
    if (logs.length === 0) return 0;
    const struct = told.map(({ name, type }) => `${sqlName(name)} ${type}`).join(", ");
    const given = told.map(({ name }) => `, columns.${sqlName(name)} AS ${sqlName(name)}`);
    // What is known of an item that was asked for again still holds.
    await this.duck.run(
      `INSERT INTO passing
       SELECT DISTINCT ON (input) input, class, detail${given.join("")}
       FROM read_json([${logs.map(sqlString).join(", ")}], format = 'newline_delimited', ignore_errors = true,
         columns = {input: 'VARCHAR', ok: 'BOOLEAN', class: 'VARCHAR', detail: 'VARCHAR', transient: 'BOOLEAN'${
           told.length > 0 ? `, columns: ${sqlString(`STRUCT(${struct})`)}` : ""
         }})
       WHERE NOT ok AND transient AND input NOT IN (SELECT input FROM known) ORDER BY input, class`,
    );
    return this.duck.value<number>("SELECT count(*) FROM input WHERE input IN (SELECT input FROM passing)");
  }

  /**
   * Writes the output table and the table of failures; both become artifacts.
   *
   * @returns worked: input rows that were not refused; failed: rows in the second table; broken: those of them that
   *   nobody refused or ruled out
   */
  async writeOutputs(
    folder: string,
    rules: readonly RowRule[],
  ): Promise<{ outputs: Record<string, ArtifactRef>; worked: number; failed: number; broken: number }> {
    const told = this.shape.columns.filter((column) => column.place === "failures");
    const names = told.map(({ name }) => `, ${sqlName(name)}`).join("");
    const types = told.map(({ name, type }) => `, ${sqlName(name)} ${type}`).join("");
    const nulls = told.map(({ type }) => `, NULL::${type}`).join("");
    await this.duck.run(
      `CREATE TABLE IF NOT EXISTS passing (input VARCHAR, class VARCHAR, detail VARCHAR${types})`,
    );
    await this.ruleOut(rules);
    const [first, second] = this.kind.outputs;
    const outputs: Record<string, ArtifactRef> = {
      [first.name]: await this.writeArtifact(folder, first.name, await this.outputQuery()),
    };
    const broken = `SELECT id, input, class, detail, transient, ${await this.sourceName()} AS source_url${names} FROM (
        SELECT input, class, detail, false AS transient${names} FROM known WHERE NOT ok
        UNION ALL SELECT input, class, detail, true AS transient${names} FROM passing) JOIN input USING (input)`;
    const failures = `${broken} UNION ALL SELECT id, input, class, detail, false, source_url${nulls} FROM refused`;
    const count = (query: string) => this.duck.value<number>(`SELECT count(*) FROM (${query})`);
    const counts = {
      worked: await count("FROM input"),
      failed: await count(failures),
      broken: await count(broken),
    };
    if (second) outputs[second.name] = await this.writeArtifact(folder, second.name, failures);
    return { outputs, ...counts };
  }

  /** Moves output rows that a rule sets aside to those refused; of several rules the first counts. */
  private async ruleOut(rules: readonly RowRule[]): Promise<void> {
    if (rules.length === 0) return;
    const pick = (value: (rule: RowRule) => string) =>
      `CASE ${rules.map((rule) => `WHEN ${rule.when} THEN ${value(rule)}`).join(" ")} END`;
    await this.duck.run(
      `INSERT INTO refused
       SELECT id, input, ${pick(({ class: name }) => sqlString(name))} AS class, ${pick(({ detail }) => detail)},
         ${await this.sourceName()}
       FROM input JOIN known USING (input) WHERE ok AND (${rules.map(({ when }) => `(${when})`).join(" OR ")})`,
    );
  }

  /** Counts of failures by class, most frequent first, with the name and the words of an example. */
  async failureClasses(): Promise<readonly { class: string; count: number; example: string }[]> {
    const rows = await this.duck.all(
      `SELECT class, count(*) AS count, min(coalesce(source_url, id) || ': ' || detail) AS example FROM (
         SELECT class, detail, id, ${await this.sourceName()} AS source_url FROM (
           SELECT class, detail, input FROM known WHERE NOT ok UNION ALL SELECT class, detail, input FROM passing)
         JOIN input USING (input)
         UNION ALL SELECT class, detail, id, source_url FROM refused)
       GROUP BY class ORDER BY count DESC, class`,
    );
    return rows.map((row) => ({
      class: String(row.class),
      count: Number(row.count),
      example: String(row.example),
    }));
  }

  private async outputQuery(): Promise<string> {
    const derived = this.columnsAt(undefined);
    const available = (await this.duck.all("DESCRIBE SELECT * EXCLUDE (input, locator) FROM input")).map(
      (row) => String(row.column_name),
    );
    const carried =
      this.shape.carry === "all" ? available : this.shape.carry.filter((name) => available.includes(name));
    const kept = carried.filter((name) => name !== "id" && !derived.includes(name));
    const columns = [
      "input.id",
      ...derived.map((name) => `known.${sqlName(name)}`),
      ...kept.map((name) => `input.${sqlName(name)}`),
    ];
    return `SELECT ${columns.join(", ")} FROM input JOIN known ON input.input = known.input WHERE known.ok
      AND input.id NOT IN (SELECT id FROM refused)`;
  }

  private async sourceName(): Promise<string> {
    const columns = await this.duck.all("DESCRIBE input");
    return columns.some((row) => row.column_name === "source_url") ? "source_url" : "NULL::VARCHAR";
  }

  private async writeArtifact(folder: string, port: string, query: string): Promise<ArtifactRef> {
    const path = join(folder, `${port}.parquet`);
    const table = await writeTable(this.duck, query, ["id"], path);
    const { hash: blob, bytes } = await this.store.blobs.ingestFile(path);
    const tree = this.store.trees.put({ [`${port}.parquet`]: { blob, bytes, table } });
    return { hash: tree.hash, bytes: tree.bytes, rows: table.rows };
  }
}

function bytesOf(segment: Segment): number {
  return statSync(segment.parquet).size;
}

/** The table in an artifact. @throws StageError where there is none */
export function inputTable(
  store: Store,
  hash: string,
  port: string,
): { readonly path: string; readonly name: string; readonly blob: string } {
  const entries = Object.entries(store.trees.get(hash)?.entries ?? {});
  const found = entries.find(([, entry]) => entry.table);
  if (found) return { name: found[0], blob: found[1].blob, path: store.blobs.path(found[1].blob) };
  throw new StageError(`its input \`${port}\` holds no table`, {
    hint: "connect it to a stage that gives rows, like crawl",
  });
}
