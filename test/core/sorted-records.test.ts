import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../src/core/hash.js";
import { SortedRecords } from "../../src/core/sorted-records.js";

const RECORD = 12;

function recordsOf(keys: readonly Buffer[]): SortedRecords {
  const sorted = keys.toSorted(Buffer.compare);
  return new SortedRecords(
    Buffer.concat(sorted.map((key) => Buffer.concat([key], RECORD))),
    RECORD,
    keys.length,
  );
}

function keyOf(i: number): Buffer {
  return Buffer.from(sha256(`${i}`).slice(0, 16), "hex");
}

test("each record is found by its key, and nothing else is, however many there are", () => {
  for (const count of [0, 1, 2, 3, 7, 8, 100, 5000]) {
    const keys = Array.from({ length: count }, (_, i) => keyOf(i));
    const records = recordsOf(keys);
    const sorted = keys.toSorted(Buffer.compare);
    for (const [i, key] of sorted.entries()) assert.equal(records.find(key), i, `${i} of ${count}`);
    for (let i = count; i < count + 100; i++) assert.equal(records.find(keyOf(i)), -1);
  }
});

test("keys that are not spread evenly are found as well", () => {
  const keys = Array.from({ length: 300 }, (_, i) => {
    const key = Buffer.alloc(8, i % 3 === 0 ? 0xff : 0);
    key.writeUInt32BE(i, 4);
    return key;
  });
  const records = recordsOf(keys);
  for (const [i, key] of keys.toSorted(Buffer.compare).entries()) assert.equal(records.find(key), i);
  assert.equal(records.find(Buffer.alloc(8, 0xaa)), -1);
});
