import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { kind as crawl } from "../../../src/stages/crawl/kind.js";
import { drawScene } from "../../../src/stages/crawl/sources/synthetic/scene.js";

test("scenes are those of version 3: another drawing needs another version", () => {
  assert.equal(crawl.version, 3, "pin the new version's scenes here");
  const scenes = Array.from({ length: 200 }, (_, index) => drawScene(7, index, 96));
  assert.equal(
    sha256(JSON.stringify(scenes)),
    "8dc7739674281ad6044cc55e71b4fe23cb03c70782e48bf98b3e95cfc7393725",
  );
});
