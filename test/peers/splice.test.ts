import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parquet } from "../../src/core/duck.js";
import { parquetGroups } from "../../src/core/parquet/file.js";
import { spliceParquet } from "../../src/core/parquet/splice.js";
import { decodeStruct, encodeStruct } from "../../src/core/parquet/thrift.js";
import { assertPlaces, GROUP_ROWS, rowsOf, withTables } from "../core/parquet/tables.js";
import { peers, runPython } from "../rigs/python.js";

/** A file's rows as DuckDB wrote them down as JSON lines, beside what pyarrow reads in it. */
const COMPARE = `
import sys, json, pyarrow.parquet as pq
given = json.load(sys.stdin)
file = pq.ParquetFile(given["path"])
rows = pq.read_table(given["path"]).to_pylist()
with open(given["lines"]) as lines: wanted = [json.loads(line) for line in lines]
assert len(rows) == len(wanted) == file.metadata.num_rows, (len(rows), len(wanted))
for at, (row, want) in enumerate(zip(rows, wanted)): assert row == want, (at, row, want)
found = pq.read_table(given["path"], filters=[("id", "==", given["id"])]).to_pylist()
assert [row["id"] for row in found] == [given["id"]]
print(json.dumps([file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]))
`;

/** Files of pyarrow's own, with all that its writer can put beside the pages. */
const WRITE = `
import sys, json, pyarrow as pa, pyarrow.parquet as pq
folder = json.load(sys.stdin)
table = pq.read_table(f"{folder}/a.parquet")
forms = {
  "plain": {}, "indexed": {"write_page_index": True, "write_page_checksum": True, "data_page_size": 4096},
  "v2": {"data_page_version": "2.0", "version": "2.6", "compression": "zstd", "sorting_columns": [pq.SortingColumn(0)]},
  "old": {"version": "1.0", "store_schema": False, "use_dictionary": False},
}
for name, options in forms.items():
  pq.write_table(table, f"{folder}/{name}.parquet", row_group_size=30000, **options)
print(json.dumps(list(forms)))
`;

const { skip, ...found } = peers();

test("pyarrow reads a spliced file as DuckDB does", { skip }, async () => {
  assert.ok("python" in found);
  await withTables(async (tables) => {
    const a = await tables.write("a", rowsOf(1, 0, 100_000));
    const b = await tables.write("b", rowsOf(2, 0, 100_000));
    const path = tables.path("spliced");
    const order = [
      { file: b, group: 2 },
      { file: a, group: 0 },
      { file: b, group: 1 },
    ];
    spliceParquet(path, order);
    const lines = `${tables.folder}/rows.jsonl`;
    await tables.duck.run(`COPY (FROM ${parquet(path)}) TO '${lines}' (FORMAT json)`);
    const groups = runPython(found.python, COMPARE, { path, lines, id: "0000077-1" });
    assert.deepEqual(groups, [100_000 - 2 * GROUP_ROWS, GROUP_ROWS, GROUP_ROWS]);
  });
});

test("pyarrow's files are spliced, and their footers written as they were read", { skip }, async () => {
  assert.ok("python" in found);
  await withTables(async (tables) => {
    await tables.write("a", rowsOf(1, 0, 70_000));
    for (const name of runPython(found.python, WRITE, tables.folder) as string[]) {
      const file = tables.path(name);
      const bytes = readFileSync(file);
      const footer = bytes.subarray(
        bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8),
        bytes.length - 8,
      );
      assert.ok(footer.equals(encodeStruct(decodeStruct(footer))), name);
      assert.deepEqual(
        parquetGroups(file).map(({ rows }) => rows),
        [30_000, 30_000, 10_000],
      );
      const path = tables.path(`${name}-spliced`);
      spliceParquet(
        path,
        [2, 0, 1].map((group) => ({ file, group })),
      );
      assertPlaces(path);
      const lines = `${tables.folder}/rows.jsonl`;
      await tables.duck.run(
        `COPY (SELECT * FROM ${parquet(file)} ORDER BY big < 60000, big) TO '${lines}' (FORMAT json)`,
      );
      assert.deepEqual(
        runPython(found.python, COMPARE, { path, lines, id: "0065000-1" }),
        [10_000, 30_000, 30_000],
      );
    }
  });
});
