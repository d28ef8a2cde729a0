import assert from "node:assert/strict";
import { closeSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { numberedParquet, parquet, sqlString } from "../../../src/core/duck.js";
import { edited, FILE, field, GROUP, listOf, structsOf } from "../../../src/core/parquet/fields.js";
import { openParquet, parquetGroups } from "../../../src/core/parquet/file.js";
import { type ParquetPiece, spliceParquet } from "../../../src/core/parquet/splice.js";
import { encodeStruct, T, type ThriftStruct } from "../../../src/core/parquet/thrift.js";
import { assertPlaces, GROUP_ROWS, rowsOf, type Tables, withTables } from "./tables.js";

const ROWS = 300_000;

/** The rows that a spliced file should have, as a query in their order. */
function expected(pieces: readonly ParquetPiece[]): string {
  return pieces
    .map(
      ({ file, group }, i) =>
        `SELECT ${i} AS piece, * FROM ${numberedParquet(file)} WHERE file_row_number // ${GROUP_ROWS} = ${group}`,
    )
    .join(" UNION ALL ");
}

async function assertRows(tables: Tables, path: string, pieces: readonly ParquetPiece[]): Promise<void> {
  const { duck } = tables;
  await duck.run(
    `CREATE OR REPLACE TEMP TABLE want AS SELECT * EXCLUDE (piece, file_row_number)
       FROM (${expected(pieces)}) ORDER BY piece, file_row_number`,
  );
  const total = Number(await duck.value("SELECT count(*) FROM want"));
  assert.ok(total > 0);
  const got = `SELECT * EXCLUDE (file_row_number) FROM ${numberedParquet(path)} ORDER BY file_row_number`;
  await duck.run(`CREATE OR REPLACE TEMP TABLE got AS ${got}`);
  assert.equal(
    await duck.value("SELECT count(*) FROM got POSITIONAL JOIN want WHERE got IS DISTINCT FROM want"),
    0,
  );
  const groups = parquetGroups(path);
  assert.equal(
    groups.reduce((sum, { rows }) => sum + rows, 0),
    total,
  );
}

test("row groups in new orders and of several files keep every value, and filters find every row", async () => {
  await withTables(async (tables) => {
    const { duck } = tables;
    const a = await tables.write("a", rowsOf(1, 0, ROWS));
    const b = await tables.write("b", rowsOf(2, 0, ROWS));
    const groups = parquetGroups(a);
    assert.deepEqual(groups, parquetGroups(b));
    assert.deepEqual(
      groups.map(({ rows }) => rows),
      [...Array(7).fill(GROUP_ROWS), ROWS - 7 * GROUP_ROWS],
    );
    const all = (file: string) => groups.map((_, group) => ({ file, group }));
    const orders: Record<string, ParquetPiece[]> = {
      one: all(a).map((piece) => (piece.group === 4 ? { file: b, group: 4 } : piece)),
      reversed: all(a).reverse(),
      mixed: [...all(b).slice(5), ...all(a).slice(0, 3), { file: b, group: 0 }, { file: a, group: 7 }],
      short: [{ file: b, group: 7 }],
    };
    for (const [name, pieces] of Object.entries(orders)) {
      const path = tables.path(name);
      spliceParquet(path, pieces);
      await assertRows(tables, path, pieces);
      assertPlaces(path);
      for (const { file, group } of pieces) {
        const salt = file === a ? 1 : 2;
        const row = group * GROUP_ROWS + 1;
        const id = `${String(row).padStart(7, "0")}-${salt}`;
        const found = await duck.all(`SELECT big FROM ${parquet(path)} WHERE id = ${sqlString(id)}`);
        assert.deepEqual(found, [{ big: row }]);
        const kind = sqlString(`kind ${group * 3 + (row % 3)}`);
        const count = (from: string) => duck.value(`SELECT count(*) FROM ${from} WHERE kind = ${kind}`);
        assert.ok(Number(await count("want")) > 0);
        assert.equal(await count(parquet(path)), await count("want"));
      }
    }
  });
});

test("statistics and bloom filters stand at their groups' new places and are used", async () => {
  await withTables(async (tables) => {
    const { duck } = tables;
    const a = await tables.write("a", rowsOf(1, 0, 4 * GROUP_ROWS));
    const path = tables.path("spliced");
    spliceParquet(
      path,
      [3, 1, 0, 2].map((group) => ({ file: a, group })),
    );
    const told = (file: string) =>
      duck.all(
        `SELECT row_group_id, path_in_schema, stats_min_value, stats_max_value, stats_null_count, bloom_filter_length
         FROM parquet_metadata(${sqlString(file)}) ORDER BY row_group_id, column_id`,
      );
    const source = await told(a);
    assert.ok(source.filter(({ bloom_filter_length }) => bloom_filter_length).length >= 8);
    assert.deepEqual(
      await told(path),
      [3, 1, 0, 2].flatMap((group, place) =>
        source
          .filter(({ row_group_id }) => row_group_id === group)
          .map((row) => ({ ...row, row_group_id: place })),
      ),
    );
    const probe = (file: string, kind: string) =>
      duck.all(
        `SELECT row_group_id AS place, bloom_filter_excludes AS without FROM parquet_bloom_probe(${sqlString(file)}, 'kind', ${sqlString(kind)}) ORDER BY place`,
      );
    for (const [place, group] of [3, 1, 0, 2].entries()) {
      const excluded = (await probe(path, `kind ${group * 3}`)).map(({ without }) => without);
      assert.deepEqual(
        excluded,
        [0, 1, 2, 3].map((at) => at !== place),
      );
    }
  });
});

test("the footer keeps what it says of the whole file; a file spliced of itself is itself", async () => {
  await withTables(async (tables) => {
    const query = rowsOf(1, 0, 3 * GROUP_ROWS);
    const a = await tables.write("a", query, ", KV_METADATA {origin: 'a test', more: 'ä'}");
    const [path, again] = [tables.path("all"), tables.path("again")];
    const all = [0, 1, 2].map((group) => ({ file: a, group }));
    spliceParquet(path, all);
    assert.ok(readFileSync(path).equals(readFileSync(a)));
    spliceParquet(
      again,
      [2, 0, 1].map((group) => ({ file: a, group })),
    );
    spliceParquet(
      tables.path("back"),
      [1, 2, 0].map((group) => ({ file: again, group })),
    );
    assert.ok(readFileSync(tables.path("back")).equals(readFileSync(a)));
    const [kept, source] = [again, a].map((file) => {
      const { fd, footer } = openParquet(file);
      closeSync(fd);
      return footer;
    }) as [ThriftStruct, ThriftStruct];
    for (const id of [FILE.version, FILE.schema, FILE.keyValues, FILE.createdBy, FILE.rows]) {
      assert.deepEqual(field(kept, id), field(source, id));
    }
  });
});

test("ordinals that a writer gave its row groups are those of their new places", async () => {
  await withTables(async (tables) => {
    const a = await tables.write("a", rowsOf(1, 0, 3 * GROUP_ROWS));
    const { fd, footer, end } = openParquet(a);
    closeSync(fd);
    const groups = structsOf(field(footer, FILE.groups)).map(({ fields }, i) => ({
      fields: [...fields, { id: GROUP.ordinal, type: T.I16, value: BigInt(i) }],
    }));
    const bytes = encodeStruct(edited(footer, { [FILE.groups]: (list) => listOf(list, groups) }));
    const length = Buffer.alloc(4);
    length.writeUInt32LE(bytes.length);
    const numbered = tables.path("numbered");
    writeFileSync(
      numbered,
      Buffer.concat([readFileSync(a).subarray(0, end), bytes, length, Buffer.from("PAR1")]),
    );
    const path = tables.path("spliced");
    spliceParquet(
      path,
      [2, 0, 1].map((group) => ({ file: numbered, group })),
    );
    const spliced = openParquet(path);
    closeSync(spliced.fd);
    assert.deepEqual(
      spliced.groups.map(({ struct }) => field(struct, GROUP.ordinal)),
      [0n, 1n, 2n],
    );
  });
});

test("files that are not alike, groups that are not there and a taken target are refused", async () => {
  await withTables(async (tables) => {
    const a = await tables.write("a", rowsOf(1, 0, 100));
    const target = tables.path("target");
    const refused = (pieces: readonly ParquetPiece[], message: RegExp) => {
      assert.throws(() => spliceParquet(target, pieces), message);
      assert.ok(!existsSync(target));
    };
    const unlike = {
      types: "SELECT * REPLACE (small::BIGINT AS small)",
      names: "SELECT * RENAME (small AS little)",
      order: "SELECT small, * EXCLUDE (small)",
    };
    for (const [name, select] of Object.entries(unlike)) {
      const file = await tables.write(name, `${select} FROM (${rowsOf(1, 0, 100)})`);
      refused(
        [a, file].map((one) => ({ file: one, group: 0 })),
        /a\.parquet and .*have different schemas/,
      );
    }
    const marked = await tables.write("marked", rowsOf(1, 0, 100), ", KV_METADATA {a: 'b'}");
    refused(
      [a, marked].map((file) => ({ file, group: 0 })),
      /different key-value metadata/,
    );
    const older = tables.path("older");
    const bytes = readFileSync(a);
    bytes.write("Duckdb", bytes.lastIndexOf("DuckDB"), "latin1");
    writeFileSync(older, bytes);
    refused(
      [a, older].map((file) => ({ file, group: 0 })),
      /different writers/,
    );
    refused([{ file: a, group: 1 }], /a\.parquet: it has no row group 1, but 1 of them/);
    refused([], /needs one row group/);
    writeFileSync(target, "mine");
    assert.throws(() => spliceParquet(target, [{ file: a, group: 0 }]), /EEXIST/);
    assert.throws(() => spliceParquet(a, [{ file: a, group: 0 }]), /EEXIST/);
    assert.equal(readFileSync(target, "utf8"), "mine");
  });
});

test("an encrypted file is refused", async () => {
  await withTables(async (tables) => {
    await tables.duck.run("SET force_mbedtls_unsafe = 'true'");
    await tables.duck.run("PRAGMA add_parquet_key('k', '0123456789112345')");
    const secret = await tables.write("secret", "SELECT 1 AS a", ", ENCRYPTION_CONFIG {footer_key: 'k'}");
    assert.throws(() => parquetGroups(secret), /secret\.parquet: .*footer is encrypted/);
  });
});
