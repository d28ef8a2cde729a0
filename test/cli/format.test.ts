import assert from "node:assert/strict";
import { test } from "node:test";
import { paint, wantsColour } from "../../src/cli/shared/colour.js";
import { bytes, columns, count, duration, number, plural, printable } from "../../src/cli/shared/format.js";

test("durations are short and carry to the next unit", () => {
  const cases: [number, string][] = [
    [0, "0.00 s"],
    [214, "0.21 s"],
    [2149, "2.1 s"],
    [12_360, "12.4 s"],
    [59_949, "59.9 s"],
    [59_950, "1 min 00 s"],
    [95_000, "1 min 35 s"],
    [3_599_400, "59 min 59 s"],
    [3_599_500, "1 h 00 min"],
    [7_500_000, "2 h 05 min"],
  ];
  for (const [ms, text] of cases) assert.equal(duration(ms), text, `${ms} ms`);
});

test("numbers", () => {
  assert.equal(count(999), "999");
  assert.equal(count(1_234_567), "1,234,567");
  assert.equal(plural(1, "row"), "1 row");
  assert.equal(plural(1500, "row"), "1,500 rows");
  assert.equal(number(0.780_449), "0.7804");
  assert.equal(number(-1234), "-1,234");
  assert.equal(number(1.5e-7), "1.5e-7");
  assert.equal(bytes(0), "0 B");
  assert.equal(bytes(999), "999 B");
  assert.equal(bytes(1_550), "1.6 kB");
  assert.equal(bytes(999_600), "1.0 MB");
  assert.equal(bytes(12_400_000_000), "12 GB");
});

test("columns", () => {
  const red = paint(true)("red", "x");
  assert.deepEqual(
    columns([
      ["a", "bbb", "c"],
      ["aaa", red, "d"],
      ["e", "", ""],
    ]),
    ["a    bbb  c", "aaa  \u001b[31mx\u001b[0m    d", "e"],
  );
});

test("text of others cannot drive the terminal", () => {
  assert.equal(printable("a\u001b[2Jb\u0001\tc\nd"), "ab·\tc\nd");
});

test("NO_COLOR and FORCE_COLOR decide before the terminal does", () => {
  const tty = { isTTY: true };
  assert.equal(wantsColour(tty, {}), true);
  assert.equal(wantsColour(tty, { TERM: "dumb" }), false);
  assert.equal(wantsColour(tty, { NO_COLOR: "1", FORCE_COLOR: "1" }), false);
  assert.equal(wantsColour(tty, { NO_COLOR: "" }), true);
  assert.equal(wantsColour({}, {}), false);
  assert.equal(wantsColour({}, { FORCE_COLOR: "1" }), true);
  assert.equal(wantsColour(tty, { FORCE_COLOR: "0" }), false);
});
