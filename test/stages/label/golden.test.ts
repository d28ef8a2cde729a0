import assert from "node:assert/strict";
import { test } from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { kind as label } from "../../../src/stages/label/kind.js";
import { noise, type Rgb, scores } from "./pictures.js";

test("scores are those of version 1, unchanged in version 2: other scores need another version", () => {
  assert.equal(label.version, 2, "pin the new version's scores here");
  const random = noise(5);
  const lines: string[] = [];
  for (let picture = 0; picture < 12; picture++) {
    const [size, base, other] = [4 + picture * 2, colour(random), colour(random)];
    const found = scores((x, y) => ((x + picture * y) % size < size / 2 ? base : other), 48, 40);
    lines.push(...Object.entries(found).map(([tag, score]) => `${picture} ${tag} ${score.toFixed(4)}`));
  }
  assert.equal(sha256(lines.join("\n")), "2bf5b3b3ac092d2c42dc6b09b8266310c604de75359082bd2b9676d6f05b1937");
});

function colour(random: () => number): Rgb {
  return [0, 0, 0].map(() => Math.floor(256 * random())) as unknown as Rgb;
}
