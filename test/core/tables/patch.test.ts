import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { Duck, parquet } from "../../../src/core/duck.js";
import { parquetGroups } from "../../../src/core/parquet/file.js";
import { noteDiffering, writeLike } from "../../../src/core/tables/like.js";
import { differingRanges, type Earlier, type IdRange, soundParts } from "../../../src/core/tables/parts.js";
import { patchTable, updateTable } from "../../../src/core/tables/patch.js";
import { inAny } from "../../../src/core/tables/rows.js";
import { writeTable } from "../../../src/core/tables/write.js";
import { temporaryFolder } from "../../rigs/folder.js";

/** Rows 0 … 39,999 of so many columns that all kinds are among them; ids are spread as hashes are. */
const ROWS = `SELECT md5(i::VARCHAR) AS id, CASE WHEN i % 5 = 0 THEN NULL ELSE sha256(i::VARCHAR) END AS blob, i AS n,
    i / 7.0 AS x, 'kind ' || (i % 3) AS kind, [{'tag': 'tag ' || (i % 11), 'score': i / 3.0}, {'tag': '"', 'score': 0.5}][: i % 3] AS labels
  FROM range(40000) t(i)`;

interface Bench {
  readonly duck: Duck;
  readonly folder: string;
  /** The table `rows`, written whole. */
  write(name: string): Promise<Earlier>;
}

async function bench(work: (bench: Bench) => Promise<void>): Promise<void> {
  const folder = temporaryFolder();
  const duck = await Duck.open({ scratch: join(folder, "spill") });
  try {
    await duck.run(`CREATE TABLE rows AS ${ROWS}`);
    await work({
      duck,
      folder,
      async write(name) {
        const path = join(folder, name);
        return { path, table: await writeTable(duck, "FROM rows", ["id"], path) };
      },
    });
  } finally {
    duck.close();
  }
}

const nthFirst = (n: number) => `(SELECT first FROM firsts ORDER BY 1 LIMIT 1 OFFSET ${n})`;

const CHANGES: readonly (readonly [what: string, ...sql: string[]])[] = [
  ["nothing"],
  ["a value of one row", "UPDATE rows SET x = -1 WHERE n = 77"],
  ["a row is gone", "DELETE FROM rows WHERE n = 4000"],
  ["a row is new", "INSERT INTO rows SELECT md5('new'), NULL, -5, 0, 'new', []"],
  ["the first row is gone", "DELETE FROM rows WHERE id = (SELECT min(id) FROM rows)"],
  ["the last row is gone", "DELETE FROM rows WHERE id = (SELECT max(id) FROM rows)"],
  ["a row before all", "INSERT INTO rows SELECT '!', 'b', 1, 1, '', NULL"],
  ["a row after all", "INSERT INTO rows SELECT '~', 'b', 1, 1, '', NULL"],
  ["a row that begins a part is gone", `DELETE FROM rows WHERE id = ${nthFirst(3)}`],
  ["a row that begins a part is another", `UPDATE rows SET x = -1 WHERE id = ${nthFirst(3)}`],
  [
    "of two parts that follow each other the first rows: one gone, one another",
    `UPDATE rows SET x = -1 WHERE id = ${nthFirst(3)}`,
    `DELETE FROM rows WHERE id = ${nthFirst(4)}`,
  ],
  ["every row that begins a part", `DELETE FROM rows WHERE id IN (FROM firsts)`],
  ["two whole parts", `DELETE FROM rows WHERE id >= ${nthFirst(3)} AND id < ${nthFirst(5)}`],
  [
    "some everywhere",
    "UPDATE rows SET kind = 'else' WHERE n IN (3, 30000)",
    "DELETE FROM rows WHERE n = 20000",
  ],
  ["a NULL", "UPDATE rows SET labels = NULL WHERE n = 8"],
  ["most rows", "UPDATE rows SET x = x + 1 WHERE n > 2000"],
];

test("a table that takes over what is the same has the rows and the hash of one written whole", async () => {
  for (const [what, ...changes] of CHANGES) {
    await bench(async ({ duck, folder, write }) => {
      const earlier = await write("earlier.parquet");
      const parts = soundParts(earlier.table)!;
      assert.ok(parts.list.length > 2, "there is something to take over");
      const firsts = parts.list.map(([first]) => `('${first}')`).join(", ");
      await duck.run(`CREATE TABLE firsts AS SELECT * FROM (VALUES ${firsts}) t(first)`);
      for (const change of changes) await duck.run(change);
      const whole = await write("whole.parquet");
      const path = join(folder, "like.parquet");
      const like = await writeLike(duck, earlier, "FROM rows", path);
      assert.equal(like.patched, !["most rows", "every row that begins a part"].includes(what), what);
      assert.deepEqual(like.table, whole.table, what);
      const differing = differingRanges(parts, soundParts(whole.table)!);
      const updated = join(folder, "updated.parquet");
      const rows = `FROM rows WHERE ${inAny(differing)}`;
      assert.deepEqual(await updateTable(duck, earlier, differing, rows, updated), whole.table, what);
      for (const file of [path, updated]) {
        const same = `SELECT (SELECT count(*) FROM ((FROM ${parquet(file)} EXCEPT ALL FROM rows) UNION ALL
          (FROM rows EXCEPT ALL FROM ${parquet(file)}))) = 0`;
        assert.equal(await duck.value(same), true, what);
      }
      if (what === "nothing") assert.deepEqual(differing, []);
    });
  }
});

test("patch after patch gives what writing whole gives, and row groups stay few", async () => {
  await bench(async ({ duck, folder, write }) => {
    let earlier = await write("0.parquet");
    for (let round = 1; round <= 20; round++) {
      await duck.run(`DELETE FROM rows WHERE n IN (${round}, ${round * 1013})`);
      await duck.run(
        `INSERT INTO rows SELECT md5('round ${round} ' || i), NULL, i, 0, 'x', [] FROM range(3) t(i)`,
      );
      const path = join(folder, `${round}.parquet`);
      const { table, patched } = await writeLike(duck, earlier, "FROM rows", path);
      assert.ok(patched);
      earlier = { path, table };
    }
    const whole = await write("whole.parquet");
    assert.deepEqual(earlier.table, whole.table);
    const groups = parquetGroups(earlier.path).length;
    assert.ok(groups <= Math.ceil(whole.table.rows / 8192) + 2, String(groups));
  });
});

test("only what may be trusted is taken over", async () => {
  await bench(async ({ duck, folder, write }) => {
    const { path, table } = await write("earlier.parquet");
    const list = table.parts!.list.map(
      ([first, rows, sum], i) => [first, rows, i === 1 ? "0".repeat(64) : sum] as const,
    );
    const lying = { path, table: { ...table, parts: { ...table.parts!, list } } };
    const all: readonly IdRange[] = [];
    const target = join(folder, "x.parquet");
    assert.equal(
      await patchTable(duck, lying, all, "FROM rows", target),
      undefined,
      "parts that are not those of its hash",
    );
    const { parts: _, ...bare } = table;
    assert.equal(
      await patchTable(duck, { path, table: bare }, all, "FROM rows", target),
      undefined,
      "no parts",
    );
    const other = "SELECT * EXCLUDE (n) FROM rows";
    assert.equal(await patchTable(duck, { path, table }, all, other, target), undefined, "other columns");
    assert.equal((await writeLike(duck, lying, "FROM rows", target)).table.content, table.content);
  });
});

test("all rows that differ are noted, however many", async () => {
  await bench(async ({ duck, folder }) => {
    const rows = (x: number) => `SELECT lpad(i::VARCHAR, 6, '0') AS id, ${x} AS x FROM range(110000) t(i)`;
    const path = join(folder, "many.parquet");
    const table = await writeTable(duck, rows(0), ["id"], path);
    await noteDiffering(duck, { path, table }, rows(1), [[{ from: "", to: undefined }]]);
    assert.equal(await duck.value("SELECT count(*) FROM differing"), 110_000);
  });
});

test("parts are told only of tables in the order of ASCII ids", async () => {
  const folder = temporaryFolder();
  const duck = await Duck.open({ scratch: join(folder, "spill") });
  try {
    const parts = async (query: string, by: string) =>
      (await writeTable(duck, query, [by], join(folder, "t.parquet"))).parts !== undefined;
    const rows = "FROM range(9000) t(i)";
    assert.equal(await parts(`SELECT md5(i::VARCHAR) AS id, i ${rows}`, "id"), true);
    assert.equal(await parts(`SELECT md5(i::VARCHAR) AS id, i ${rows}`, "i"), false);
    assert.equal(await parts(`SELECT 'é' || md5(i::VARCHAR) AS id, i ${rows}`, "id"), false);
    assert.equal(await parts(`SELECT md5(i::VARCHAR) || chr(0) AS id, i ${rows}`, "id"), false);
    assert.equal(await parts(`SELECT md5(i::VARCHAR) AS name, i ${rows}`, "name"), false);
    assert.equal(await parts(`SELECT i AS id ${rows}`, "id"), false);
    assert.equal(await parts(`SELECT '"\\' || md5(i::VARCHAR) || '\\' AS id, i ${rows}`, "id"), true);
  } finally {
    duck.close();
  }
});
