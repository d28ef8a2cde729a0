import assert from "node:assert/strict";
import { test } from "node:test";
import { andList } from "../../src/core/words.js";

test("a list of words", () => {
  assert.equal(andList([]), "");
  assert.equal(andList(["a", "b"]), "a and b");
  assert.equal(andList(["a", "b", "c"]), "a, b and c");
});
