import assert from "node:assert/strict";
import { test } from "node:test";
import { kind as crawl } from "../../../src/stages/crawl/kind.js";
import { Random } from "../../../src/stages/crawl/sources/synthetic/random.js";
import { drawScene } from "../../../src/stages/crawl/sources/synthetic/scene.js";
import { listing, listSource, sourceConformance } from "./sources-conformance.js";

const source = { type: "synthetic", count: 20, seed: 7, size: 64 };

sourceConformance("synthetic", () => ({ source, count: 20 }));

test("a scene depends on seed, index and size, and not on how many there are", async () => {
  const few = await listSource({ source });
  const more = await listSource({ source: { ...source, count: 25 } });
  assert.deepEqual(more.listed.slice(0, 20), few.listed);
  assert.deepEqual(drawScene(7, 3, 64), drawScene(7, 3, 64));
  assert.notEqual(drawScene(8, 3, 64).svg, drawScene(7, 3, 64).svg);
  assert.notEqual(drawScene(7, 4, 64).svg, drawScene(7, 3, 64).svg);
});

test("a million scenes are listed as they are asked for", async () => {
  const lister = await crawl.list!();
  const context = { with: { source: { ...source, count: 1_000_000 } }, base: "/", seed: 0 };
  const before = process.memoryUsage().heapUsed;
  let count = 0;
  for await (const _ of await lister({ ...listing(), ...context, hashFile: async () => "", warn() {} }))
    count++;
  assert.equal(count, 1_000_000);
  assert.ok(process.memoryUsage().heapUsed - before < 200e6, "the listing was held in memory");
});

test("the long side has the size asked for, whatever the aspect ratio", () => {
  const aspects = new Set<number>();
  for (let index = 0; index < 200; index++) {
    const { width, height } = drawScene(1, index, 48);
    assert.equal(Math.max(width, height), 48);
    aspects.add(width / height);
  }
  assert.ok(aspects.size >= 5, `only ${aspects.size} aspect ratios`);
});

test("only the synthetic source has its bytes from sharp", () => {
  assert.deepEqual(crawl.impl!({ source }), ["sharp"]);
  assert.deepEqual(crawl.impl!({ source: { type: "local" } }), []);
  assert.equal(crawl.listedAtPlan!({ source }), false);
  assert.equal(crawl.listedAtPlan!({ source: { type: "local" } }), true);
  assert.throws(() => crawl.impl!({ source: { type: "nowhere" } }), /no source nowhere/);
});

test("random numbers are even, and pinned", () => {
  const pinned = new Random("pinned");
  // Python: sfc32 on the four little-endian words of sha256("pinned"), over 2**32.
  assert.deepEqual(
    [pinned.next(), pinned.next(), pinned.next()],
    [0.10966752842068672, 0.8751701896544546, 0.003220365848392248],
  );
  const random = new Random("test");
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 20_000; i++) counts[Math.floor(random.next() * 10)]!++;
  // 2,000 expected each, standard deviation 42: five of them either way.
  for (const count of counts) assert.ok(Math.abs(count - 2000) < 212, String(counts));
});
