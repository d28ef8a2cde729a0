import assert from "node:assert/strict";
import { test } from "node:test";
import { barsText, csvLines, jsonLine, plainText } from "../../src/cli/predict-text.js";
import { paint } from "../../src/cli/shared/colour.js";

const LABELS = [
  { tag: "red", score: 1 },
  { tag: "night sky", score: 0.5 },
  { tag: "é", score: 0.0052 },
];

test("bars are 24 columns at 1, to an eighth of a column, names aligned", () => {
  assert.equal(
    barsText("a.jpg", LABELS, paint(false)),
    [
      "a.jpg",
      `  red        1.000  ${"█".repeat(24)}`,
      `  night sky  0.500  ${"█".repeat(12)}`,
      // 0.0052 × 24 × 8 = 0.998 eighths.
      "  é          0.005  ▏",
    ].join("\n"),
  );
  assert.equal(barsText("a.jpg", [], paint(false)), "a.jpg\n  no tag");
});

test("what a terminal would act on is not printed as it is", () => {
  const hostile = [{ tag: "\u001b[2Jgone", score: 0.2 }];
  assert.ok(!barsText("\u001b]0;x\u0007.jpg", hostile, paint(false)).includes("\u001b"));
  assert.ok(!plainText("a\u001b[2J.jpg", hostile).includes("\u001b"));
});

test("one line for pipes", () => {
  assert.equal(plainText("a.jpg", LABELS), "a.jpg: red 1, night sky 0.5, é 0.0052");
  assert.equal(plainText("a.jpg", []), "a.jpg: no tag");
});

test("JSON and CSV keep names as they are", () => {
  const labels = [{ tag: 'say "hi", twice', score: 0.25 }];
  assert.deepEqual(JSON.parse(jsonLine("a\n.jpg", labels)), { image: "a\n.jpg", labels });
  assert.ok(!jsonLine("a\n.jpg", labels).includes("\n"));
  assert.deepEqual(csvLines("a,b.jpg", labels), ['"a,b.jpg","say ""hi"", twice",0.25']);
  assert.deepEqual(csvLines("a.jpg", []), []);
});
