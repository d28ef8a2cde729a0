import assert from "node:assert/strict";
import test from "node:test";
import fc from "fast-check";
import { canonicalJson, isJsonObject, type Json } from "../../src/core/json.js";

test("the example of RFC 8785, 3.2.2", () => {
  const value = JSON.parse(
    '{"numbers":[333333333.33333329,1E30,4.50,2e-3,0.000000000000000000000000001],' +
      '"string":"\\u20ac$\\u000F\\u000aA\'\\u0042\\u0022\\u005c\\\\\\"\\/","literals":[null,true,false]}',
  ) as Json;
  assert.equal(
    canonicalJson(value),
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test("keys are sorted by UTF-16 code unit, as RFC 8785, 3.2.3 has it", () => {
  const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
  const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
  assert.deepEqual(Object.keys(JSON.parse(text)), [
    "1",
    "\r",
    "\u0080",
    "\u00f6",
    "\u20ac",
    "\u{1f600}",
    "\ufb33",
  ]);
});

test("what JSON cannot carry is refused", () => {
  for (const value of [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    undefined,
    1n,
    "\ud800",
    { "\udfff": 1 },
    () => 1,
  ]) {
    assert.throws(() => canonicalJson(value as Json), TypeError);
  }
  assert.equal(canonicalJson(-0), "0");
  assert.equal(canonicalJson({ a: undefined } as unknown as Json), "{}");
});

test("parsing gives the value back, and the order of keys does not matter", () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const json = JSON.parse(JSON.stringify(value)) as Json;
      const text = wellFormed(json) ? canonicalJson(json) : undefined;
      if (text === undefined) return;
      assert.deepEqual(JSON.parse(text), json);
      assert.equal(canonicalJson(reversed(json)), text);
    }),
  );
});

function wellFormed(value: Json): boolean {
  if (typeof value === "string") return value.isWellFormed();
  if (Array.isArray(value)) return value.every(wellFormed);
  if (!isJsonObject(value)) return true;
  return Object.entries(value).every(([key, inner]) => key.isWellFormed() && wellFormed(inner));
}

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, inner]) => [key, reversed(inner)] as const)
      .reverse(),
  );
}

test("a key named __proto__ is a key", () => {
  assert.equal(canonicalJson(JSON.parse('{"__proto__":{"a":1}}') as Json), '{"__proto__":{"a":1}}');
});
