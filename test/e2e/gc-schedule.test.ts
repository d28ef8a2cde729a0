import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { gcSchedule } from "./gc-schedule.js";

test("gc beside runs, at random moments, removes nothing that they need", async (t) => {
  const seed = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31));
  t.diagnostic(`FAULT_SEED=${seed} repeats this schedule`);
  const counts = await gcSchedule(12, seed);
  t.diagnostic(JSON.stringify(counts));
  assert.ok(counts.runs > counts.killedRuns);
});
