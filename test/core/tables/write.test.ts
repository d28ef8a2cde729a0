import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { Duck, parquet, sqlString } from "../../../src/core/duck.js";
import { describeTable, writeTable } from "../../../src/core/tables/write.js";
import { temporaryFolder } from "../../rigs/folder.js";

async function withDuck<T>(work: (duck: Duck, folder: string) => Promise<T>, threads = 2): Promise<T> {
  const folder = temporaryFolder();
  const duck = await Duck.open({ scratch: join(folder, "spill"), threads });
  try {
    return await work(duck, folder);
  } finally {
    duck.close();
  }
}

const sha = (text: string) => createHash("sha256").update(text).digest("hex");

test("the content hash is that of its documented preimage", async () => {
  await withDuck(async (duck, folder) => {
    const path = join(folder, "t.parquet");
    const query = "SELECT printf('%05d', i) AS id, i * 0.5::DOUBLE AS x FROM range(9000) t(i)";
    const table = await writeTable(duck, query, ["id"], path);
    const line = (i: number) => `{"id":"${String(i).padStart(5, "0")}","x":${(i / 2).toFixed(1)}}`;
    // Python: the numbers below 9,000 whose five digits have an FNV-1a (32 bits) with 11 zeros at its top.
    const cuts = [0, 644, 5840, 5892, 8524, 8564, 8576, 8588, 9000];
    const parts = cuts.slice(1).map((to, i) => {
      const from = cuts[i]!;
      const lines = Array.from({ length: to - from }, (_, row) => line(from + row));
      return [String(from).padStart(5, "0"), to - from, sha(lines.join("\n"))] as const;
    });
    const schema = sha('[["id","VARCHAR"],["x","DOUBLE"]]');
    const named = parts.map(([first, rows, sum]) => `${sum} ${rows} "${first}"\n`).join("");
    assert.deepEqual(table, {
      rows: 9000,
      content: sha(`table/2\n${schema}\n${named}`),
      blobColumns: [],
      parts: { schema, list: parts },
    });
  });
});

test("the hash ignores the Parquet encoding, and sees values, order, names and types", async () => {
  await withDuck(async (duck, folder) => {
    const hash = async (query: string, options = "FORMAT parquet") => {
      const path = join(folder, "x.parquet");
      await duck.run(`COPY (${query}) TO ${sqlString(path)} (${options})`);
      return (await describeTable(duck, path)).content;
    };
    const rows = (order: string) => `SELECT i AS a FROM range(5000) t(i) ORDER BY i ${order}`;
    const base = await hash(rows("ASC"));
    assert.equal(await hash(rows("ASC"), "FORMAT parquet, COMPRESSION gzip, ROW_GROUP_SIZE 2048"), base);
    const others = [
      rows("DESC"),
      "SELECT i AS b FROM range(5000) t(i)",
      "SELECT i::INTEGER AS a FROM range(5000) t(i)",
      "SELECT i AS a FROM range(5001) t(i)",
      "SELECT CASE WHEN i = 4999 THEN NULL ELSE i END AS a FROM range(5000) t(i)",
    ];
    const hashes = new Set([base]);
    for (const query of others) hashes.add(await hash(query));
    assert.equal(hashes.size, 1 + others.length);
  });
});

test("equal rows give equal bytes with one thread and with four", async () => {
  const write = (threads: number) =>
    withDuck(async (duck, folder) => {
      const path = join(folder, "t.parquet");
      const query = `SELECT (i * 7919) % 200003 AS id, sha256(i::VARCHAR) AS blob, [{'tag': 'x', 'score': i / 3.0}] AS labels
        FROM range(200000) t(i)`;
      const table = await writeTable(duck, query, ["id"], path);
      const { createReadStream } = await import("node:fs");
      const bytes = createHash("sha256");
      for await (const part of createReadStream(path)) bytes.update(part);
      return { table, bytes: bytes.digest("hex") };
    }, threads);
  assert.deepEqual(await write(1), await write(4));
});

test("an empty table has a hash, rows and blob columns", async () => {
  await withDuck(async (duck, folder) => {
    const path = join(folder, "t.parquet");
    await writeTable(duck, "SELECT 'a' AS id, 'b' AS blob, 'c' AS raw WHERE false", ["id"], path);
    assert.deepEqual(await describeTable(duck, path), {
      rows: 0,
      content: sha(`table/2\n${sha('[["id","VARCHAR"],["blob","VARCHAR"],["raw","VARCHAR"]]')}\n`),
      blobColumns: ["blob", "raw"],
    });
  });
});

test("paths with quotes and glob characters name one file", async () => {
  await withDuck(async (duck, folder) => {
    const path = join(folder, "it's [a] {b} *?.parquet");
    const table = await writeTable(duck, "SELECT 1 AS id", ["id"], path);
    assert.equal(table.rows, 1);
    assert.deepEqual(await duck.all(`FROM ${parquet(path)}`), [{ id: 1 }]);
  });
});
