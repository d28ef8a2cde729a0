import assert from "node:assert/strict";
import { readdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import type { JsonObject } from "../../../src/core/json.js";
import { PixabaySource } from "../../../src/stages/crawl/schema-apis.js";
import { pixabayWorld } from "../../rigs/pixabay.js";
import { sourceParams } from "./source-params.js";
import { listing, listSource, sourceConformance } from "./sources-conformance.js";

const PICTURE = await sharp({ create: { width: 30, height: 20, channels: 3, background: "teal" } })
  .png()
  .toBuffer();
const KEY = "1234-s3cretkey";
process.env.PIXABAY_TEST_KEY = KEY;

function pixabay(endpoint: string, more: JsonObject = {}): JsonObject {
  return sourceParams(PixabaySource, {
    type: "pixabay",
    queries: ["cat"],
    key_env: "PIXABAY_TEST_KEY",
    endpoint,
    ...more,
  });
}

sourceConformance("pixabay", async () => {
  const world = await pixabayWorld(KEY, PICTURE, 60);
  return { source: pixabay(world.endpoint), count: 30 };
});

test("pages up to the API's cap; pictures not meant for training are refused by name; terms travel along", async () => {
  const world = await pixabayWorld(KEY, PICTURE, 90);
  const { listed } = await listSource({
    source: pixabay(world.endpoint, { queries: ["cat", "dog"], limit: 1000 }),
  });
  assert.equal(listed.length, 90);
  const refused = listed.filter((item) => item.refused);
  assert.deepEqual(
    [refused.length, refused[0]?.refused],
    [9, { class: "no-ai-training", detail: "marked noAiTraining at Pixabay" }],
  );
  const first = listed.find(({ id }) => id === "pixabay-4")!;
  assert.equal(first.input, "pixabay:4");
  assert.deepEqual(first.columns, {
    source_url: "https://pixabay.com/photos/cat-4/",
    page_url: "https://pixabay.com/photos/cat-4/",
    author: "user4",
    license: "pixabay",
    license_url: "https://pixabay.com/service/license-summary/",
    attribution: "Image by user4 from Pixabay",
    tags: "cat, blue",
  });
  const kept = await listSource({ source: pixabay(world.endpoint, { no_ai_training: "keep" }) });
  assert.equal(kept.listed.filter((item) => item.refused).length, 0);
});

test("a search that finds more than the API shows is split, and no picture is taken twice", async () => {
  const world = await pixabayWorld(KEY, PICTURE, 3000);
  const whole = await listSource({ source: pixabay(world.endpoint, { limit: 5000 }) });
  assert.equal(whole.listed.length, 500);
  assert.deepEqual(world.searches(), ["?q=cat&page=1", "?q=cat&page=2", "?q=cat&page=3"]);
  const split = await listSource({
    source: pixabay(world.endpoint, { limit: 5000, split: ["colors", "orientation"] }),
  });
  assert.equal(split.listed.length, 1500);
  assert.equal(new Set(split.listed.map(({ id }) => id)).size, 1500);
  const few = await listSource({ source: pixabay(world.endpoint, { limit: 120, split: ["colors"] }) });
  assert.equal(few.listed.filter((item) => !item.refused).length, 120);
});

test("an answer serves for a day: not asked again by the next listing, asked again the day after", async () => {
  const world = await pixabayWorld(KEY, PICTURE, 60);
  const shared = { ...listing() };
  const source = pixabay(world.endpoint);
  const first = await listSource({ source }, shared);
  const again = await listSource({ source }, shared);
  assert.deepEqual(again.listed, first.listed);
  assert.equal(world.searches().length, 1);
  const folder = join(shared.cache, "pixabay");
  const old = new Date(Date.now() - 25 * 3600 * 1000);
  for (const name of readdirSync(folder)) utimesSync(join(folder, name), old, old);
  await listSource({ source }, shared);
  assert.equal(world.searches().length, 2);
});

test("the limit of requests is kept to as the headers tell it", async () => {
  const world = await pixabayWorld(KEY, PICTURE, 3000, 3);
  const begin = performance.now();
  await listSource({ source: pixabay(world.endpoint, { queries: ["cat", "dog"], limit: 5000 }) });
  assert.equal(world.searches().length, 6);
  assert.ok(performance.now() - begin > 900);
});

test("a wrong key is said with what to do, and stands nowhere", async () => {
  const world = await pixabayWorld("another", PICTURE, 10);
  const shared = listing();
  await assert.rejects(
    listSource({ source: pixabay(world.endpoint) }, shared),
    (error: Error & { options: { hint: string } }) => {
      assert.equal(
        error.message,
        "pixabay: the server answered 400: [ERROR 400] Invalid or missing API key.",
      );
      assert.match(error.options.hint, /a key that is missing or wrong/);
      assert.doesNotMatch(String(error.stack) + JSON.stringify(error.options), /s3cretkey/);
      return true;
    },
  );
});
