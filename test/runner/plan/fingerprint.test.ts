import assert from "node:assert/strict";
import { test } from "node:test";
import { hashRecord } from "../../../src/core/hash.js";
import { itemSpace, stagePreimage, stageSeed } from "../../../src/runner/plan/fingerprint.js";
import { testKind, testRegistry, testStage } from "../../rigs/kinds.js";

// The digests were computed with Python: hashlib.sha256(json.dumps(record, sort_keys=True, separators=(",", ":"))).
// They may never change by accident: every store in the world is keyed by them.

const registry = testRegistry({ sharp: "libvips 8.17.0", engine: "wasm" });
const resize = testKind("resize", { version: 3, impl: () => ["sharp"] });
const train = testKind("train", { random: true, impl: () => ["engine"] });

test("a stage's fingerprint is the sha256 of its documented record", () => {
  const stage = testStage(resize, { size: 64, fit: "cover" });
  const preimage = stagePreimage(registry, stage, 0, { images: "a".repeat(64) }, undefined);
  assert.equal(hashRecord(preimage), "dc4adea12286b274fb618b0036fcca54d7a53efa689224747803e21424c6ab6f");
});

test("a kind that draws random numbers has its seed in the fingerprint", () => {
  const stage = testStage(train, { dropout: 0.35 });
  assert.equal(stageSeed(0, stage), 322467283);
  const preimage = stagePreimage(registry, stage, 0, { data: "b".repeat(64) }, undefined);
  assert.equal(hashRecord(preimage), "6b077d3312a26ccc6e5dfc5d43a6d43eab30a483f7b924cf12c375eed33482f5");
});

test("a stage's own seed goes before the pipeline's", () => {
  assert.equal(stageSeed(1, testStage(train, { seed: 42 })), 42);
  assert.notEqual(stageSeed(0, testStage(train)), stageSeed(1, testStage(train)));
});

test("an item's space holds the per-item params only", () => {
  const params = { all: { size: 64, count: 9 }, keyed: { size: 64, count: 9 }, perItem: { size: 64 } };
  assert.equal(
    itemSpace(registry, testStage(resize, {}, { params }), 0, { inputs: { images: "a".repeat(64) } }),
    "4bdf5b0d6b124c37ea97661269c0df3eed9053142d9ef38ae47b09442ce9f2f4",
  );
});

test("an item's space holds what a mapping kind takes beside its items, and what it reads of the world", () => {
  const item = { port: "images", columns: [], carry: [] };
  const label = testStage(testKind("label", { item }));
  const inputs = { images: "a".repeat(64), teacher: "b".repeat(64) };
  assert.equal(
    itemSpace(registry, label, 0, { inputs, identity: { model: "c".repeat(64) } }),
    "b2049f8ddeff8654aa861751d35f19b690e54a61721f5f2dbb11205158f9f86c",
  );
  // What a kind lists is its items, not what becomes of one.
  const crawl = testStage(testKind("crawl", { item: { columns: [], carry: "all" } }));
  assert.equal(
    itemSpace(registry, crawl, 0, { inputs: {}, identity: "d".repeat(64) }),
    "d0f58ec9235d4e3c8f95dfe00850ff4259679cbbf8d46194046a4067ca712eb4",
  );
});

test("names, retries, time-outs and resources stay out of the fingerprint", () => {
  const inputs = { images: "a".repeat(64) };
  const plain = testStage(resize, { size: 64 });
  const other = testStage(
    resize,
    { size: 64 },
    { name: "other", retries: 5, timeoutMs: 9, resources: { cpus: 1 }, secrets: ["KEY"] },
  );
  assert.equal(
    hashRecord(stagePreimage(registry, plain, 0, inputs, undefined)),
    hashRecord(stagePreimage(registry, other, 0, inputs, undefined)),
  );
});
