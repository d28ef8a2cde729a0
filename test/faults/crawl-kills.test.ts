import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { test } from "node:test";
import { crawlKilled } from "./crawl-kills.js";

test("killed five times at random moments, a crawl loses nothing and asks for nothing twice", async (t) => {
  const seed = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31));
  t.diagnostic(`FAULT_SEED=${seed} repeats these moments`);
  const source = "concurrency: 8, per_host: 8, connect_timeout: 5";
  const answers = await crawlKilled({ count: 1600, kills: 5, seed, source, delay: 15, longest: 550 });
  assert.ok(answers < 1.5, `${answers} answers for each address`);
});
