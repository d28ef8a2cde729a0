import assert from "node:assert/strict";
import { test } from "node:test";
import type { Json } from "../../../src/core/json.js";
import { isPassing, readAnswer, wellFormed } from "../../../src/stages/label/teachers/vision/annotate.js";

test("what is not of Vision's form is a failure that may pass, never an answer without labels", () => {
  const malformed: Json[] = [null, "x", [], { labelAnnotations: "x" }, { labelAnnotations: [null] }];
  for (const response of malformed) {
    const read = wellFormed(response);
    assert.ok(isPassing(read), JSON.stringify(response));
    assert.deepEqual(readAnswer(JSON.stringify(read)), {
      ok: false,
      class: "teacher-error",
      detail: "the answer is not of Vision's form (code 13)",
      transient: true,
    });
  }
  const fine: Json[] = [
    {},
    { labelAnnotations: [{ description: "cat", score: 0.5 }] },
    { error: { code: 3 } },
  ];
  for (const response of fine) assert.equal(wellFormed(response), response);
});
