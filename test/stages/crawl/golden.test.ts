import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { crawl } from "../../../src/stages/crawl/kind.js";
import { drawScene } from "../../../src/stages/crawl/sources/synthetic/scene.js";

test("scenes are those of version 1: another drawing needs another version", () => {
  assert.equal(crawl.version, 1, "pin the new version's scenes here");
  const scenes = Array.from({ length: 200 }, (_, index) => drawScene(7, index, 96));
  assert.equal(
    sha256(JSON.stringify(scenes)),
    "bb157388b0d573a380dfb098f12639f52d68f8e9b99e81230782344f5337d3c1",
  );
});
