import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { usableEngine } from "../../src/engine/native/installed.js";
import { KillRig } from "./train-kills.js";

const skip = usableEngine() ? false : "no native engine is installed here: pipe engine install";

/**
 * Nothing promises equal bits on the native engine. Measured: 0, in every training so far (docs/decisions/0012); a training
 * that forgets the running powers of its optimiser is 4e-4 away within an epoch.
 */
const TOLERANCE = 1e-6;

test("on the native engine, a training killed within epochs ends at the loss of one that was not", {
  skip,
}, async () => {
  const rig = await KillRig.open("tensorflow");
  const losses = (model: string) =>
    readFileSync(join(model, "history.jsonl"), "utf8")
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as { loss: number }).loss);
  const expected = losses(await rig.straight());
  const { model, resumptions } = await rig.killed([13, 9], { snapshot_minutes: 0 });
  assert.match(resumptions[0]!, /^resumed at epoch 3, after 16 of its 40 images/);
  const actual = losses(model);
  assert.equal(actual.length, expected.length);
  for (const [i, loss] of actual.entries()) {
    assert.ok(Math.abs(loss - expected[i]!) <= TOLERANCE, `epoch ${i + 1}: ${loss}, ${expected[i]}`);
  }
});
