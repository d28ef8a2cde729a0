import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { crawlKilled } from "../faults/crawl-kills.js";

test("10,000 addresses, one in twenty failing in ten ways, killed five times at random moments", async (t) => {
  const seed = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31));
  t.diagnostic(`FAULT_SEED=${seed} repeats these moments`);
  const source = "concurrency: 32, per_host: 32";
  const answers = await crawlKilled({ count: 10_000, kills: 5, seed, source, delay: 120, longest: 7000 });
  t.diagnostic(`${answers} answers were sent for each address`);
  assert.ok(answers < 1.2, `${answers} answers for each address`);
});
