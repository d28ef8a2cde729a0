import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Column, ItemShape, Kind, RowRule } from "../../contract/kind.js";
import { TASK_FILES } from "../../contract/task.js";
import { type Duck, parquet, sqlName, sqlString } from "../../core/duck.js";
import { fileMentions } from "../../core/files.js";
import { updateTable } from "../../core/tables/patch.js";
import { writeTable } from "../../core/tables/write.js";
import { columnsAt } from "../plan/item-rows.js";
import type { ArtifactRef } from "../plan/plan.js";
import type { Store } from "../store/store.js";
import type { Basis, EarlierOutput } from "./basis.js";

/** What stands in the line of an item log that tells of a failure. */
const FAILURE = Buffer.from('"ok":false');

/** What became of the rows of an item stage. */
interface Written {
  readonly outputs: Readonly<Record<string, ArtifactRef>>;
  /** In the output table. */
  readonly rows: number;
  /** Input rows that were opened and not to be had at all. */
  readonly refused: number;
  /** Rows that were opened, failed, and were neither refused nor ruled out. */
  readonly broken: number;
  /** What is in the table of failures, the most frequent class first. */
  readonly failures: readonly FailureClass[];
}

interface WrittenArtifact {
  readonly ref: ArtifactRef & { readonly rows: number };
  /** Of its table. */
  readonly path: string;
}

interface FailureClass {
  readonly class: string;
  readonly count: number;
  /** Name and words of one of them. */
  readonly example: string;
}

/**
 * The outputs of one item stage, made in DuckDB of the tables of its ItemRows and of `passing`: failures of this run that
 * may pass.
 */
export class ItemOutputs {
  private constructor(
    private readonly duck: Duck,
    private readonly kind: Kind,
    private readonly shape: ItemShape,
    private readonly store: Store,
    /** Of the input. */
    private readonly columns: readonly string[],
  ) {}

  /** For rows that have been opened. */
  static async open(duck: Duck, kind: Kind, shape: ItemShape, store: Store): Promise<ItemOutputs> {
    const outputs = new ItemOutputs(duck, kind, shape, store, await duck.columns("input"));
    const types = outputs.told.map(({ name, type }) => `, ${sqlName(name)} ${type}`);
    await duck.run(`CREATE TABLE passing (input VARCHAR, class VARCHAR, detail VARCHAR${types.join("")})`);
    return outputs;
  }

  /** What is told of a failure beside its class. */
  private get told(): readonly Column[] {
    return columnsAt(this.shape, "failures");
  }

  /** Where an item is from, in SQL over the input. */
  private get source(): string {
    return this.columns.includes("source_url") ? "source_url" : "NULL::VARCHAR";
  }

  /** Notes the failures of finished hosts that may pass: they are in no cache, but in this result's failures. */
  async notePassing(folders: readonly string[]): Promise<number> {
    // A host that died at once has no log; most tell of no failure, which is seen sooner than DuckDB has read them.
    const logs = folders
      .map((folder) => join(folder, TASK_FILES.items))
      .filter((path) => existsSync(path) && fileMentions(path, FAILURE));
    if (logs.length === 0) return 0;
    const { told } = this;
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
   * @param basis what other rows than those opened are taken from
   */
  async writeOutputs(folder: string, rules: readonly RowRule[], basis?: Basis): Promise<Written> {
    const names = this.told.map(({ name }) => `, ${sqlName(name)}`).join("");
    const nulls = this.told.map(({ type }) => `, NULL::${type}`).join("");
    const broken = `SELECT id, input, class, detail, transient, ${this.source} AS source_url${names} FROM (
        SELECT input, class, detail, false AS transient${names} FROM known WHERE NOT ok
        UNION ALL SELECT input, class, detail, true AS transient${names} FROM passing) JOIN input USING (input)`;
    const failures = `${broken} UNION ALL SELECT id, input, class, detail, false, source_url${nulls} FROM refused`;
    const [counts] = await this.duck.all(
      `SELECT (SELECT count(*) FROM (${broken})) AS broken, (SELECT count(*) FROM refused) AS refused`,
    );
    const ruledOut = await this.ruleOut(rules);
    const none = Number(counts?.broken) + Number(counts?.refused) + ruledOut === 0;
    const [first, second] = this.kind.outputs;
    const output = await this.writeArtifact(folder, first.name, this.outputQuery(), basis);
    const failed =
      second &&
      ((none ? stillEmpty(basis?.outputs[second.name]) : undefined) ??
        (await this.writeArtifact(folder, second.name, failures, basis)));
    return {
      outputs: { [first.name]: output.ref, ...(failed ? { [second.name]: failed.ref } : {}) },
      rows: output.ref.rows,
      refused: Number(counts?.refused),
      broken: Number(counts?.broken),
      failures:
        failed?.ref.rows === 0 ? [] : await this.classesOf(failed ? parquet(failed.path) : `(${failures})`),
    };
  }

  /** Moves output rows that a rule sets aside to those refused, and counts them; of several rules the first counts. */
  private async ruleOut(rules: readonly RowRule[]): Promise<number> {
    if (rules.length === 0) return 0;
    const before = await this.duck.value<number>("SELECT count(*) FROM refused");
    const pick = (value: (rule: RowRule) => string) =>
      `CASE ${rules.map((rule) => `WHEN ${rule.when} THEN ${value(rule)}`).join(" ")} END`;
    await this.duck.run(
      `INSERT INTO refused
       SELECT id, input, ${pick(({ class: name }) => sqlString(name))} AS class, ${pick(({ detail }) => detail)},
         ${this.source}
       FROM input JOIN known USING (input) WHERE ok AND (${rules.map(({ when }) => `(${when})`).join(" OR ")})`,
    );
    return (await this.duck.value<number>("SELECT count(*) FROM refused")) - before;
  }

  private async classesOf(failures: string): Promise<readonly FailureClass[]> {
    const rows = await this.duck.all(
      `SELECT class, count(*) AS count, min(coalesce(source_url, id) || ': ' || detail) AS example FROM ${failures}
       GROUP BY class ORDER BY count DESC, class`,
    );
    return rows.map((row) => ({
      class: String(row.class),
      count: Number(row.count),
      example: String(row.example),
    }));
  }

  private outputQuery(): string {
    const available = this.columns.filter((name) => name !== "input" && name !== "locator");
    const derived = columnsAt(this.shape, undefined).map(({ name }) => name);
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

  private async writeArtifact(
    folder: string,
    port: string,
    query: string,
    basis: Basis | undefined,
  ): Promise<WrittenArtifact> {
    const draft = join(folder, `${port}.parquet`);
    const earlier = basis?.outputs[port];
    const table = earlier
      ? await updateTable(this.duck, earlier, basis.ranges, query, draft)
      : await writeTable(this.duck, query, ["id"], draft);
    const { hash: blob, bytes } = await this.store.blobs.ingestFile(draft);
    const tree = this.store.trees.put({ [`${port}.parquet`]: { blob, bytes, table } });
    return {
      ref: { hash: tree.hash, bytes: tree.bytes, rows: table.rows },
      path: this.store.blobs.path(tree.entries[`${port}.parquet`]?.blob ?? blob),
    };
  }
}

/** The earlier artifact of a table that had no rows and has none again: of an input with the same columns it is the same. */
function stillEmpty(earlier: EarlierOutput | undefined): WrittenArtifact | undefined {
  if (earlier?.table.rows !== 0) return undefined;
  return { ref: { ...earlier.artifact, rows: 0 }, path: earlier.path };
}
