import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { gcSchedule } from "../e2e/gc-schedule.js";

test("200 rounds of runs and gc at random moments", async (t) => {
  const seed = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31));
  t.diagnostic(`FAULT_SEED=${seed} repeats this schedule`);
  const counts = await gcSchedule(200, seed);
  t.diagnostic(JSON.stringify(counts));
  // A schedule in which nothing met would show nothing.
  for (const [what, count] of Object.entries(counts)) assert.ok(count >= 10, `${what}: ${count}`);
});
