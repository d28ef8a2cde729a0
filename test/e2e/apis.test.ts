import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { pixabayWorld } from "../rigs/pixabay.js";
import { fates, PhotoRig, stageOf } from "./rig.js";

const KEY = "9876-s3cretkey";

test("pixabay through the command line: a key from the environment that stands nowhere, answers kept for a day", async () => {
  const picture = await sharp({ create: { width: 30, height: 20, channels: 3, background: "teal" } })
    .png()
    .toBuffer();
  const world = await pixabayWorld(KEY, picture, 60);
  const rig = new PhotoRig();
  const pipeline = (source: string) =>
    rig.write(
      "p.yaml",
      `version: 1
name: web
stages:
  crawl:
    uses: crawl
    with:
      source: { type: pixabay, queries: [cat, dog], endpoint: "${world.endpoint}", allow_private: true, ${source} }
`,
    );
  pipeline("limit: 40");
  const without = await rig.pipe("run", "p.yaml");
  assert.equal(without.code, 2);
  assert.match(without.stderr, /the environment variable PIXABAY_KEY is not set/);
  assert.match(without.stderr, /export PIXABAY_KEY=/);

  const run = async () => {
    const done = await rig.start(["run", "p.yaml", "--json"], { PIXABAY_KEY: KEY }).finished;
    assert.equal(done.code, 0, done.stderr);
    assert.doesNotMatch(done.stdout + done.stderr, /s3cretkey/);
    return JSON.parse(done.stdout);
  };
  const first = stageOf(await run(), "crawl");
  // 30 cats and 10 dogs; the dogs 9 and 19, met on the way, are not meant for training.
  assert.equal(first.items?.failed, 2);
  assert.match(first.notes.join(), /no-ai-training/);
  assert.equal(first.items?.processed, 40);
  assert.equal(fates(await run()), "crawl cached");
  const asked = world.searches().length;
  pipeline("limit: 50");
  assert.equal(fates(await run()), "crawl ran 10/54");
  assert.equal(world.searches().length, asked, "the answers of today serve");
  const found = spawnSync("grep", ["-rl", "s3cretkey", join(rig.folder, "artifacts")], { encoding: "utf8" });
  assert.equal(found.stdout, "");
  // What is kept of sources is counted, and checked by nobody.
  assert.equal((await rig.pipe("verify")).code, 0);
  assert.equal((await rig.pipe("gc")).code, 0);
  assert.equal((await rig.pipe("du")).code, 0);
});
