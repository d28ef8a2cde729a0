import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import fc from "fast-check";
import {
  decodeStruct,
  encodeStruct,
  T,
  type ThriftField,
  type ThriftStruct,
  type ThriftValue,
} from "../../../src/core/parquet/thrift.js";
import { rowsOf, withTables } from "./tables.js";

const bits = (n: bigint) => ({ min: -(2n ** (n - 1n)), max: 2n ** (n - 1n) - 1n });
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });

/** A value of any type, in the range of that type. */
function value(type: number, depth: number): fc.Arbitrary<ThriftValue> {
  const kinds: Record<number, () => fc.Arbitrary<ThriftValue>> = {
    [T.TRUE]: () => fc.constantFrom(1n, 2n),
    [T.FALSE]: () => fc.constantFrom(1n, 2n),
    [T.I8]: () => fc.bigInt(0n, 255n),
    [T.I16]: () => fc.bigInt(bits(16n)),
    [T.I32]: () => fc.bigInt(bits(32n)),
    [T.I64]: () => fc.bigInt(bits(64n)),
    [T.DOUBLE]: () => bytes(8),
    [T.BINARY]: () => fc.uint8Array({ maxLength: 200 }),
    [T.LIST]: () => list(depth),
    [T.SET]: () => list(depth),
    [T.MAP]: () => map(depth),
    [T.STRUCT]: () => struct(depth),
    [T.UUID]: () => bytes(16),
  };
  return kinds[type]!();
}

const types = (depth: number) =>
  fc.constantFrom(...Object.values(T).filter((type) => depth > 0 || type < T.LIST || type === T.UUID));

const list = (depth: number): fc.Arbitrary<ThriftValue> =>
  types(depth - 1).chain((element) =>
    fc.record({
      element: fc.constant(element),
      items: fc.array(value(element, depth - 1), { maxLength: 40 }),
    }),
  );

const map = (depth: number): fc.Arbitrary<ThriftValue> =>
  fc
    .tuple(types(depth - 1), types(depth - 1))
    .chain(([key, item]) =>
      fc
        .array(fc.tuple(value(key, depth - 1), value(item, depth - 1)), { maxLength: 5 })
        .map((pairs) => ({ types: pairs.length === 0 ? 0 : (key << 4) | item, pairs })),
    );

function struct(depth: number): fc.Arbitrary<ThriftStruct> {
  const one = types(depth - 1).chain((type) =>
    fc.record<ThriftField>({
      id: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
      type: fc.constant(type),
      value: type <= T.FALSE ? fc.constant(0n) : value(type, depth - 1),
    }),
  );
  return fc.array(one, { maxLength: 6 }).map((fields) => ({ fields }));
}

/** Plain arrays for the views into one buffer that the reader gives. */
const plain = (tree: unknown): unknown =>
  JSON.stringify(tree, (_, part) =>
    typeof part === "bigint" ? `${part}n` : part instanceof Uint8Array ? [...part] : part,
  );

test("every tree is read as it was written", () => {
  fc.assert(
    fc.property(struct(3), (tree) => {
      const written = encodeStruct(tree);
      const read = decodeStruct(written);
      assert.equal(plain(read), plain(tree));
      assert.deepEqual(encodeStruct(read), written);
    }),
    { numRuns: 500 },
  );
});

test("known bytes of the protocol", () => {
  // Field 1: i32 1; field 2: true; field 20 (long form): text "ab"; field 21: list of two i64, -1 and 64.
  const known = [0x15, 0x02, 0x11, 0x08, 0x28, 0x02, 0x61, 0x62, 0x19, 0x26, 0x01, 0x80, 0x01, 0x00];
  const tree = decodeStruct(Uint8Array.from(known));
  assert.deepEqual(
    tree.fields.map(({ id, type }) => [id, type]),
    [
      [1, T.I32],
      [2, T.TRUE],
      [20, T.BINARY],
      [21, T.LIST],
    ],
  );
  assert.equal(tree.fields[0]!.value, 1n);
  assert.deepEqual(tree.fields[3]!.value, { element: T.I64, items: [-1n, 64n] });
  assert.deepEqual([...encodeStruct(tree)], known);
});

test("DuckDB's footers are written as they were read, whatever is in them", async () => {
  await withTables(async (tables) => {
    const options = ["", ", KV_METADATA {a: 'b'}", ", PARQUET_VERSION V2", ", DICTIONARY_SIZE_LIMIT 1"];
    const sizes = [0, 1, 5, 41_000, 90_000];
    for (const [i, option] of options.entries()) {
      for (const rows of sizes) {
        const file = readFileSync(await tables.write(`t${i}-${rows}`, rowsOf(i, 0, rows), option));
        const length = file.readUInt32LE(file.length - 8);
        const footer = file.subarray(file.length - 8 - length, file.length - 8);
        assert.ok(footer.equals(encodeStruct(decodeStruct(footer))), `${option} ${rows}`);
      }
    }
  });
});
