import assert from "node:assert/strict";
import { test } from "node:test";
import { Quota } from "../../../src/stages/label/teachers/vision/quota.js";
import { LABEL_TARIFF, quote } from "../../../src/stages/label/teachers/vision/tariff.js";

test("a quota lets through a second's worth at once and then its rate, in order", async () => {
  // 600 a minute: 10 at once, then one in 100 ms.
  const quota = new Quota(600, 1);
  const never = new AbortController().signal;
  const since = performance.now();
  const order: number[] = [];
  await Promise.all(Array.from({ length: 13 }, (_, i) => quota.take(1, never).then(() => order.push(i))));
  const took = performance.now() - since;
  assert.deepEqual(
    order,
    [...order].sort((a, b) => a - b),
  );
  assert.ok(took >= 295, `13 in ${took} ms`);
});

test("a pause holds everybody up", async () => {
  const quota = new Quota(1e6, 1);
  const never = new AbortController().signal;
  const since = performance.now();
  quota.pause(150);
  await Promise.all([quota.take(1, never), quota.take(1, never)]);
  assert.ok(performance.now() - since >= 149);
});

test("waiting for a quota ends when the run does", async () => {
  const quota = new Quota(1, 1);
  const abort = new AbortController();
  await quota.take(1, abort.signal);
  const waiting = quota.take(1, abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(waiting);
});

test("prices by Google's list: a thousand free, 1.50 USD to five million, 1.00 above, the last thousand by its part", () => {
  // By hand from cloud.google.com/vision/pricing.
  const prices = [
    [0, 0],
    [1000, 0],
    [1500, 0.75],
    [5_000_000, 4999 * 1.5],
    [6_000_000, 4999 * 1.5 + 1000],
  ] as const;
  for (const [units, usd] of prices) {
    assert.ok(
      Math.abs(quote(LABEL_TARIFF, units).usd - usd) < 1e-6,
      `${units}: ${quote(LABEL_TARIFF, units).usd}`,
    );
  }
});

test("units used before in the month count towards what is free and towards the steps", () => {
  assert.equal(quote({ ...LABEL_TARIFF, used: 400 }, 700).usd.toFixed(6), "0.150000");
  assert.equal(quote({ ...LABEL_TARIFF, used: 5_000_000 }, 2000).usd, 2);
});
