import assert from "node:assert/strict";
import test from "node:test";
import { examineNode } from "../../src/core/doctor.js";

test("a Node older than package.json asks for needs attention", () => {
  assert.match(examineNode("20.18.9").message, /^20\.18\.9 is older than 20\.19\.0/);
  assert.equal(examineNode("18.99.0").level, "problem");
  for (const version of ["20.19.0", "20.20.2", "22.0.0"]) {
    assert.deepEqual(examineNode(version), { check: "node", level: "ok", message: version });
  }
});
