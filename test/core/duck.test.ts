import assert from "node:assert/strict";
import { test } from "node:test";
import { Duck, sqlName, sqlString } from "../../src/core/duck.js";
import { temporaryFolder } from "../rigs/folder.js";

async function withDuck<T>(work: (duck: Duck) => Promise<T>): Promise<T> {
  const duck = await Duck.open({ scratch: temporaryFolder(), memoryMiB: 48 });
  try {
    return await work(duck);
  } finally {
    duck.close();
  }
}

test("values come as JSON: whole numbers, nested lists and structs, nulls", async () => {
  await withDuck(async (duck) => {
    assert.deepEqual(
      await duck.all(
        "SELECT 5::BIGINT AS n, [{'tag': 'a', 'score': 0.5}] AS l, NULL AS z, true AS b, sum(3) AS h",
      ),
      [{ n: 5, l: [{ tag: "a", score: 0.5 }], z: null, b: true, h: 3 }],
    );
  });
});

test("text goes in bound or quoted, and comes out as it went", async () => {
  await withDuck(async (duck) => {
    const text = `it's "quoted"; DROP TABLE x; -- 🦉\n`;
    assert.equal(await duck.value("SELECT $text", { text }), text);
    assert.equal(await duck.value(`SELECT ${sqlString(text)}`), text);
    assert.deepEqual(await duck.all(`SELECT 1 AS ${sqlName(text)}`), [{ [text]: 1 }]);
  });
});

test("text is ordered by code unit and nulls come first", async () => {
  await withDuck(async (duck) => {
    const rows = await duck.all("SELECT t FROM (VALUES ('ä'), ('b'), (NULL), ('Z'), ('a')) v(t) ORDER BY t");
    assert.deepEqual(
      rows.map((row) => row.t),
      [null, "Z", "a", "b", "ä"],
    );
  });
});

test("a long result streams in chunks, in order", async () => {
  await withDuck(async (duck) => {
    let next = 0;
    let chunks = 0;
    for await (const rows of duck.stream("SELECT i FROM range(100000) t(i)")) {
      chunks++;
      for (const row of rows) assert.equal(row.i, next++);
    }
    assert.equal(next, 100_000);
    assert.ok(chunks > 40, `${chunks} chunks`);
  });
});

test("appended integers are rows", async () => {
  await withDuck(async (duck) => {
    await duck.run("CREATE TABLE t (a INTEGER, b INTEGER)");
    await duck.appendIntegers(
      "t",
      Array.from({ length: 5000 }, (_, i) => [i, -i]),
    );
    assert.deepEqual(await duck.all("SELECT count(*) AS n, sum(a) AS a, min(b) AS b FROM t"), [
      { n: 5000, a: 12_497_500, b: -4999 },
    ]);
    assert.deepEqual(await duck.columns("t"), ["a", "b"]);
  });
});

test("a sort larger than the memory limit spills instead of failing", async () => {
  await withDuck(async (duck) => {
    let last = "";
    let rows = 0;
    for await (const chunk of duck.stream(
      "SELECT sha256(i::VARCHAR) AS h FROM range(700000) t(i) ORDER BY h",
    )) {
      for (const { h } of chunk) {
        if (String(h) < last) assert.fail("out of order");
        last = String(h);
        rows++;
      }
    }
    assert.equal(rows, 700_000);
  });
});
