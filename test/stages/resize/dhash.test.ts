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

/** The bits of a hash: 25 steps to the right, 24 downwards, 15 of colour. */
function bits(value: (x: number, y: number) => number): [right: string, down: string, colour: string] {
  const all = BigInt(`0x${differenceHash(grey(60, 50, value), 60, 50)}`)
    .toString(2)
    .padStart(64, "0");
  return [all.slice(0, 25), all.slice(25, 49), all.slice(49)];
}

test("each bit says whether it gets lighter to the right, or downwards", () => {
  const [ones25, zeros25, ones24, zeros24] = ["1".repeat(25), "0".repeat(25), "1".repeat(24), "0".repeat(24)];
  // Mean 118: two of the thresholds 42.5, 85, 127.5, 170, 212.5 are passed in each channel.
  assert.deepEqual(
    bits((x) => 4 * x),
    [ones25, zeros24, "110001100011000"],
  );
  assert.deepEqual(
    bits((_, y) => 4 * y),
    [zeros25, ones24, "110001100011000"],
  );
  // One step, after the third of six columns: bit 3 of 5 in each of five rows.
  assert.deepEqual(bits((x) => (x < 30 ? 0 : 200))[0], "00100".repeat(5));
  // One step, after the second of five rows: the second of four rows of six.
  assert.deepEqual(bits((_, y) => (y < 20 ? 0 : 200))[1], "000000111111000000000000");
});

test("plain pictures are told apart by their colour", () => {
  const plain = (red: number, green: number, blue: number) =>
    differenceHash(
      Uint8Array.from({ length: 300 }, (_, i) => [red, green, blue][i % 3]!),
      10,
      10,
    );
  assert.equal(plain(0, 0, 0), "0000000000000000");
  assert.equal(plain(255, 255, 255), "7fffffffffffffff");
  assert.ok(distance(plain(250, 190, 200), plain(251, 190, 199)) <= 1);
  // 160 levels less of red and more of blue: 13 or 14 steps of 255/22 each.
  assert.ok(distance(plain(200, 40, 40), plain(40, 40, 200)) >= 24);
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
