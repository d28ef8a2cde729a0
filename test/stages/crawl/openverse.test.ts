import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import type { JsonObject } from "../../../src/core/json.js";
import { OpenverseSource } from "../../../src/stages/crawl/schema-apis.js";
import { openverseWorld } from "../../rigs/openverse.js";
import { sourceParams } from "./source-params.js";
import { listing, listSource, sourceConformance } from "./sources-conformance.js";

const PICTURE = await sharp({ create: { width: 30, height: 20, channels: 3, background: "teal" } })
  .png()
  .toBuffer();
const ACCOUNT = { id: "cl1ent", secret: "s3cret" };
process.env.OPENVERSE_TEST_ID = ACCOUNT.id;
process.env.OPENVERSE_TEST_SECRET = ACCOUNT.secret;
const LOGIN = { client_id_env: "OPENVERSE_TEST_ID", client_secret_env: "OPENVERSE_TEST_SECRET" };

function openverse(endpoint: string, more: JsonObject = {}): JsonObject {
  return sourceParams(OpenverseSource, { type: "openverse", queries: ["cat"], endpoint, ...more });
}

sourceConformance("openverse", async () => {
  const world = await openverseWorld(ACCOUNT, PICTURE, 30);
  return { source: openverse(world.endpoint), count: 30 };
});

test("works come with author, licence, attribution and page, and without the signature of their link", async () => {
  const world = await openverseWorld(ACCOUNT, PICTURE, 30);
  const { listed } = await listSource({ source: openverse(world.endpoint, { license: ["by-sa"] }) });
  assert.equal(listed.length, 10);
  const [first] = listed;
  assert.equal(first!.locator, world.rig.url("/files/1.png?sig=abc"));
  assert.equal(first!.input, world.rig.url("/files/1.png"));
  assert.deepEqual(first!.columns, {
    source_url: world.rig.url("/files/1.png"),
    page_url: "https://example.org/works/1",
    author: "Author 1",
    license: "cc-by-sa-2.0",
    license_url: "https://creativecommons.org/licenses/by-sa/2.0/",
    attribution: '"Work 1" by Author 1 is licensed under by-sa.',
    title: "Work 1",
    tags: "cat, outdoors",
  });
});

test("without an account 20 pages of 20 are reached, with one 20 of 500; a split reaches beyond", async () => {
  const world = await openverseWorld(ACCOUNT, PICTURE, 1200);
  const anonymous = await listSource({ source: openverse(world.endpoint, { limit: 5000 }) });
  assert.equal(anonymous.listed.length, 400);
  const split = await listSource({ source: openverse(world.endpoint, { limit: 5000, split: ["license"] }) });
  assert.equal(split.listed.length, 1200);
  assert.equal(world.tokens(), 0);
  const known = await listSource({ source: openverse(world.endpoint, { limit: 5000, ...LOGIN }) });
  assert.equal(known.listed.length, 1200);
  assert.equal(world.tokens(), 1);
  const few = await listSource({ source: openverse(world.endpoint) });
  assert.equal(few.listed.length, 240, "the default limit");
});

test("a burst that is used up is waited for, a daily limit is not", async () => {
  const world = await openverseWorld(ACCOUNT, PICTURE, 100, 3);
  const begin = performance.now();
  const { listed } = await listSource({ source: openverse(world.endpoint) });
  assert.equal(listed.length, 100);
  assert.equal(world.rig.seen.length, 5);
  const took = performance.now() - begin;
  assert.ok(took > 900 && took < 10_000, `${took} ms`);
});

test("a wrong secret is said and stands nowhere", async () => {
  const world = await openverseWorld({ id: "another", secret: "another" }, PICTURE, 10);
  await assert.rejects(
    listSource({ source: openverse(world.endpoint, LOGIN) }, listing()),
    (error: Error & { options: { hint: string } }) => {
      assert.match(error.message, /^openverse: the server answered 401/);
      assert.match(error.options.hint, /client id or secret is wrong/);
      assert.doesNotMatch(error.message + JSON.stringify(error.options), /s3cret/);
      return true;
    },
  );
});
