import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { retryAfter, withRetries } from "../../../src/core/net/retry.js";
import { Turns } from "../../../src/core/net/turns.js";
import { WebError } from "../../../src/core/net/web-error.js";

const never = new AbortController().signal;

test("no more are under way than allowed, in all and at one host; a slow host holds nobody up", async () => {
  const turns = new Turns({ concurrency: 5, perHost: 2, perHostRate: 0 }, never);
  const active: Record<string, number> = {};
  let all = 0;
  const ended: string[] = [];
  const work = (host: string, ms: number) =>
    turns.take(host, async () => {
      active[host] = (active[host] ?? 0) + 1;
      all += 1;
      assert.ok(active[host] <= 2 && all <= 5);
      await sleep(ms);
      active[host] -= 1;
      all -= 1;
      ended.push(host);
    });
  const slow = Array.from({ length: 6 }, () => work("slow", 120));
  const quick = Array.from({ length: 20 }, (_, i) => work(`quick${i % 4}`, 2));
  await Promise.all([...slow, ...quick]);
  assert.equal(ended.slice(0, 18).filter((host) => host === "slow").length, 0);
});

test("requests to one host keep their distance, those to others do not wait", async () => {
  const turns = new Turns({ concurrency: 10, perHost: 10, perHostRate: 20 }, never);
  const starts: number[] = [];
  const begin = performance.now();
  await Promise.all(
    Array.from({ length: 5 }, () => turns.take("a", async () => void starts.push(performance.now()))),
  );
  for (let i = 1; i < starts.length; i++)
    assert.ok(starts[i]! - starts[i - 1]! > 45, `${starts[i]! - starts[i - 1]!} ms`);
  assert.ok(performance.now() - begin < 2000);
  turns.slow("b", 80);
  const from = performance.now();
  await turns.take("c", async () => {});
  assert.ok(performance.now() - from < 40);
  await turns.take("b", async () => {});
  assert.ok(performance.now() - from > 75);
});

test("what waits is let go when the run is interrupted", async () => {
  const abort = new AbortController();
  const turns = new Turns({ concurrency: 1, perHost: 1, perHostRate: 0 }, abort.signal);
  const first = turns.take("a", () => sleep(30));
  const second = turns.take("a", async () => assert.fail("it was started"));
  abort.abort(new Error("enough"));
  await assert.rejects(second, /enough/);
  await first;
  await assert.rejects(
    turns.take("b", async () => {}),
    /enough/,
  );
});

test("Retry-After is seconds or a date", () => {
  const now = Date.UTC(2026, 0, 1, 12, 0, 0);
  assert.equal(retryAfter("120", now), 120_000);
  assert.equal(retryAfter("Thu, 01 Jan 2026 12:00:30 GMT", now), 30_000);
  assert.equal(retryAfter("Thu, 01 Jan 2026 11:00:00 GMT", now), 0);
  assert.equal(retryAfter("soon", now), undefined);
  assert.equal(retryAfter(undefined, now), undefined);
});

test("what may pass is tried again, after at least what the server asks; what is final, or too far off, is not", async () => {
  let tries = 0;
  const run = (error: () => WebError, retries = 2) => {
    tries = 0;
    return withRetries(
      async () => {
        tries += 1;
        throw error();
      },
      { retries, signal: never },
    );
  };
  const begin = performance.now();
  await assert.rejects(
    run(() => new WebError("http-429", "x", { transient: true, retryAfterMs: 600 }), 1),
    { attempts: 2 },
  );
  assert.ok(performance.now() - begin >= 599);
  await assert.rejects(
    run(() => new WebError("http-404", "x")),
    { attempts: 1 },
  );
  await assert.rejects(
    run(() => new WebError("http-429", "x", { transient: true, retryAfterMs: 3_600_000 })),
    { attempts: 1 },
  );
  assert.equal(tries, 1);
});
