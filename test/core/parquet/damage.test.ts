import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import { parquetGroups } from "../../../src/core/parquet/file.js";
import { spliceParquet } from "../../../src/core/parquet/splice.js";
import { decodeStruct } from "../../../src/core/parquet/thrift.js";
import { rowsOf, withTables } from "./tables.js";

const REFUSED = /bad\.parquet: no Parquet file that can be read: /;

test("a file cut anywhere in its end is refused by name", async () => {
  await withTables(async (tables) => {
    const bytes = readFileSync(await tables.write("a", rowsOf(1, 0, 100)));
    const bad = tables.path("bad");
    for (const length of [0, 4, 11, 12, 40, bytes.length - 300, bytes.length - 8, bytes.length - 1]) {
      writeFileSync(bad, bytes.subarray(0, length));
      assert.throws(() => parquetGroups(bad), REFUSED, `${length} bytes`);
    }
    const long = Buffer.from(bytes);
    long.writeUInt32LE(0xffffffff, long.length - 8);
    writeFileSync(bad, long);
    assert.throws(() => parquetGroups(bad), /4294967295 bytes would not fit/);
  });
});

test("a footer with flipped bytes is read or refused, at once", async () => {
  await withTables(async (tables) => {
    const bytes = readFileSync(await tables.write("a", rowsOf(1, 0, 100)));
    const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    const bad = tables.path("bad");
    const flip = fc.tuple(
      fc.integer({ min: footer, max: bytes.length - 9 }),
      fc.integer({ min: 0, max: 255 }),
    );
    let refused = 0;
    fc.assert(
      fc.property(fc.array(flip, { minLength: 1, maxLength: 3 }), (flips) => {
        const damaged = Buffer.from(bytes);
        for (const [at, byte] of flips) damaged[at] = byte;
        writeFileSync(bad, damaged);
        try {
          parquetGroups(bad);
        } catch (error) {
          assert.match((error as Error).message, REFUSED);
          assert.ok(!((error as Error).cause instanceof TypeError), String((error as Error).cause));
          refused++;
        }
      }),
      { numRuns: 1500 },
    );
    assert.ok(refused > 100);
  });
});

test("an offset that leads out of the file is refused before anything is written", async () => {
  await withTables(async (tables) => {
    const whole = await tables.write("a", rowsOf(1, 0, 100));
    const bad = tables.path("bad");
    const bytes = readFileSync(whole);
    // The pages are gone, the footer is whole.
    const footer = bytes.length - 8 - bytes.readUInt32LE(bytes.length - 8);
    writeFileSync(bad, Buffer.concat([bytes.subarray(0, 100), bytes.subarray(footer)]));
    assert.throws(
      () => spliceParquet(tables.path("t"), [{ file: bad, group: 0 }]),
      /outside the file's pages/,
    );
  });
});

test("no length, depth or number is believed", () => {
  const refuses = (bytes: readonly number[], message: RegExp) =>
    assert.throws(() => decodeStruct(Uint8Array.from(bytes)), message);
  refuses([], /1 bytes or more should follow/);
  refuses([0x19, 0xfc, 0xff, 0xff, 0xff, 0xff, 0x0f], /4294967295 bytes or more should follow/);
  refuses([0x18, 0xff, 0xff, 0xff, 0xff, 0x0f], /4294967295 bytes or more/);
  refuses([0x1b, 0xff, 0xff, 0xff, 0xff, 0x0f, 0x88], /4294967295 bytes or more/);
  refuses([0x16, ...Array(12).fill(0xff)], /more than 64 bits/);
  refuses([0x1e, 0], /type 14/);
  refuses([0, 0], /1 bytes follow its end/);
  refuses(Array(100_000).fill(0x1c), /more than 64 deep/);
  refuses([0x19, ...Array(100_000).fill(0x19)], /more than 64 deep/);
});
