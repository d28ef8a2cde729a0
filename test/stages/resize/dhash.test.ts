import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { drawScene } from "../../../src/stages/crawl/sources/synthetic/scene.js";
import { differenceHash } from "../../../src/stages/resize/dhash.js";

/** A grey picture from a function of pixel coordinates. */
function grey(width: number, height: number, value: (x: number, y: number) => number): Uint8Array {
  const rgb = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rgb.fill(value(x, y), 3 * (y * width + x), 3 * (y * width + x) + 3);
  }
  return rgb;
}

function distance(a: string, b: string): number {
  return (BigInt(`0x${a}`) ^ BigInt(`0x${b}`)).toString(2).replaceAll("0", "").length;
}

test("each bit says whether it gets lighter to the right", () => {
  const hash = (value: (x: number, y: number) => number) => differenceHash(grey(90, 80, value), 90, 80);
  assert.equal(
    hash((x) => 2 * x),
    "ffffffffffffffff",
  );
  assert.equal(
    hash((x) => 200 - 2 * x),
    "0000000000000000",
  );
  assert.equal(
    hash(() => 128),
    "0000000000000000",
  );
  // Lighter to the right in the upper half only: four rows of ones, four of zeros.
  assert.equal(
    hash((x, y) => (y < 40 ? 2 * x : 9)),
    "ffffffff00000000",
  );
  // One step, between the fourth and the fifth of nine columns: bit 4 of 8 in each row, 00010000.
  assert.equal(
    hash((x) => (x < 40 ? 0 : 200)),
    "1010101010101010",
  );
});

test("pictures smaller than the grid have a hash too", () => {
  for (const [width, height] of [
    [1, 1],
    [3, 2],
    [9, 1],
  ] as const) {
    assert.match(
      differenceHash(
        grey(width, height, (x) => 50 * x),
        width,
        height,
      ),
      /^[0-9a-f]{16}$/,
    );
  }
});

test("compression and scaling leave scenes near themselves, and far from others", async () => {
  const hashOf = async (bytes: Buffer, side: number) => {
    const { data, info } = await sharp(bytes)
      .resize(side, side, { fit: "inside" })
      .removeAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return differenceHash(data, info.width, info.height);
  };
  const originals: string[] = [];
  for (let index = 0; index < 30; index++) {
    const drawing = sharp(Buffer.from(drawScene(3, index, 128).svg)).removeAlpha();
    const original = await hashOf(await drawing.png().toBuffer(), 128);
    const copy = await hashOf(await drawing.jpeg({ quality: 60 }).toBuffer(), 64);
    assert.ok(distance(original, copy) <= 6, `scene ${index}: ${original} and ${copy}`);
    originals.push(original);
  }
  const apart = originals.flatMap((a, i) => originals.slice(i + 1).map((b) => distance(a, b)));
  apart.sort((a, b) => a - b);
  assert.ok(
    apart[Math.floor(apart.length / 2)]! >= 16,
    `half of all pairs are within ${apart[apart.length >> 1]}`,
  );
});
