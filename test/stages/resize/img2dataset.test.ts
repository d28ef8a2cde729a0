import assert from "node:assert/strict";
import { test } from "node:test";
import { deflateSync } from "node:zlib";
import sharp from "sharp";
import { areaResize } from "../../../src/stages/resize/area.js";
import { resizePicture } from "../../../src/stages/resize/resize.js";
import type { Params } from "../../../src/stages/resize/schema.js";
import { DEFAULTS } from "./defaults.js";

const SIZES = [
  [200, 100],
  [100, 40],
  [40, 30],
  [64, 64],
] as const;

/**
 * Sizes that img2dataset 1.47.0's Resizer(64, mode, resize_only_if_bigger) gave for black pictures of SIZES, first without,
 * then with resize_only_if_bigger.
 */
const SIZES_OF_IMG2DATASET: Partial<Record<Params["fit"], readonly [string, string]>> = {
  no: ["200x100 100x40 40x30 64x64", "200x100 100x40 40x30 64x64"],
  border: ["64x64 64x64 64x64 64x64", "64x64 64x64 40x30 64x64"],
  keep_ratio: ["128x64 160x64 85x64 64x64", "128x64 100x40 40x30 64x64"],
  keep_ratio_largest: ["64x32 64x26 64x48 64x64", "64x32 64x26 40x30 64x64"],
  center_crop: ["64x64 64x64 64x64 64x64", "64x64 100x40 40x30 64x64"],
};

/** The same for our own names. The pad fits give one size whatever comes, so that a network can take it. */
const SIZES_OF_OURS: Partial<Record<Params["fit"], readonly [string, string]>> = {
  "pad-top-left": ["64x64 64x64 64x64 64x64", "64x64 64x64 64x64 64x64"],
  "pad-center": ["64x64 64x64 64x64 64x64", "64x64 64x64 64x64 64x64"],
  cover: ["64x64 64x64 64x64 64x64", "64x64 100x40 40x30 64x64"],
  contain: ["64x32 64x26 64x48 64x64", "64x32 64x26 40x30 64x64"],
  stretch: ["64x64 64x64 64x64 64x64", "64x64 64x64 40x30 64x64"],
};

test("each mode gives the sizes that img2dataset gives, with and without only_if_bigger", async () => {
  for (const kernel of ["lanczos3", "area"] as const) {
    for (const [fit, expected] of Object.entries({ ...SIZES_OF_IMG2DATASET, ...SIZES_OF_OURS })) {
      for (const [i, only_if_bigger] of [false, true].entries()) {
        const found: string[] = [];
        for (const [width, height] of SIZES) {
          const bytes = await sharp({ create: { width, height, channels: 3, background: "#000" } })
            .png()
            .toBuffer();
          const params = { ...DEFAULTS, fit: fit as Params["fit"], only_if_bigger, kernel };
          const result = await resizePicture(bytes, params);
          const stored = await sharp(result.bytes).metadata();
          assert.deepEqual([stored.width, stored.height], [result.width, result.height]);
          found.push(`${result.width}x${result.height}`);
        }
        assert.equal(found.join(" "), expected[i], `${fit}, ${kernel}, only_if_bigger ${only_if_bigger}`);
      }
    }
  }
});

test("a small picture under only_if_bigger keeps its pixels, also turned by EXIF", async () => {
  const data = Buffer.from(Array.from({ length: 40 * 20 * 3 }, (_, i) => (i * 13) % 256));
  const picture = sharp(data, { raw: { width: 40, height: 20, channels: 3 } });
  const turned = await picture.withMetadata({ orientation: 3 }).png().toBuffer();
  const result = await resizePicture(turned, { ...DEFAULTS, fit: "pad-center", only_if_bigger: true });
  assert.deepEqual(result.content, { left: 12, top: 22, width: 40, height: 20 });
  const inside = await sharp(result.bytes)
    .extract({ left: 12, top: 22, width: 40, height: 20 })
    .raw()
    .toBuffer();
  const upright = await sharp(data, { raw: { width: 40, height: 20, channels: 3 } })
    .rotate(180)
    .raw()
    .toBuffer();
  assert.ok(inside.equals(upright));
});

test("the area kernel gives OpenCV's numbers", async () => {
  const width = 7;
  const height = 5;
  const data = Uint8Array.from({ length: width * height * 3 }, (_, i) => (i * i * 31 + i * 7) % 256);
  // cv2.resize(a, (3, 2), interpolation=cv2.INTER_AREA) and (7, 1), opencv-python-headless 4.14.
  assert.deepEqual(
    [...areaResize(data, { width, height }, { width: 3, height: 2 })],
    [105, 59, 141, 120, 133, 158, 173, 159, 148, 141, 89, 166, 137, 101, 91, 173, 152, 77],
  );
  assert.deepEqual(
    [...areaResize(data, { width, height }, { width: 7, height: 1 })],
    [144, 72, 165, 115, 76, 150, 81, 74, 130, 144, 119, 155, 151, 158, 73, 204, 192, 88, 149, 118, 150],
  );
  assert.deepEqual(areaResize(data, { width, height }, { width, height }), Buffer.from(data));
  const png = await sharp(data, { raw: { width, height, channels: 3 } })
    .png()
    .toBuffer();
  const params = { ...DEFAULTS, fit: "stretch", kernel: "area", size: { width: 3, height: 2 } } as const;
  const { bytes } = await resizePicture(png, params);
  assert.deepEqual([...(await sharp(bytes).raw().toBuffer())].slice(0, 6), [105, 59, 141, 120, 133, 158]);
});

test("areas of uneven sizes cover every pixel once: the mean stays", () => {
  for (const [w, h, tw, th] of [
    [97, 61, 20, 13],
    [100, 100, 99, 1],
    [640, 3, 224, 2],
    [5, 1000, 5, 999],
  ] as const) {
    const white = areaResize(
      new Uint8Array(w * h * 3).fill(255),
      { width: w, height: h },
      { width: tw, height: th },
    );
    assert.ok(
      white.every((value) => value === 255),
      `${w}x${h} to ${tw}x${th}`,
    );
  }
});

/** CRC-32 of PNG chunks. */
function crc32(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

/** A PNG whose pixels are meant in the colours of an ICC profile. */
async function tagged(pixels: Uint8Array, icc: Uint8Array): Promise<Buffer> {
  const plain = await sharp(pixels, { raw: { width: pixels.length / 3, height: 1, channels: 3 } })
    .png()
    .toBuffer();
  const body = Buffer.concat([Buffer.from("iCCPp3\0\0", "latin1"), deflateSync(icc)]);
  const [length, crc] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length - 4);
  crc.writeUInt32BE(crc32(body));
  return Buffer.concat([plain.subarray(0, 33), length, body, crc, plain.subarray(33)]);
}

test("a wide-gamut picture comes out in sRGB, with Little CMS's numbers", async () => {
  const white = await sharp({ create: { width: 1, height: 1, channels: 3, background: "#fff" } })
    .withIccProfile("p3")
    .png()
    .toBuffer();
  const { icc } = await sharp(white).metadata();
  // Display P3. Pillow 13.0's ImageCms.profileToProfile(picture, its profile, createProfile("sRGB")), perceptual.
  const p3 = [200, 100, 50, 255, 0, 0, 0, 255, 0, 30, 60, 200, 128, 128, 128, 240, 220, 40];
  const srgb = [215, 93, 32, 255, 0, 0, 0, 255, 0, 18, 61, 208, 128, 128, 128, 244, 219, 0];
  const png = await tagged(Uint8Array.from(p3), icc!);
  for (const params of [
    { fit: "no" },
    { fit: "stretch", size: { width: 6, height: 1 }, kernel: "area" },
  ] as const) {
    const { bytes } = await resizePicture(png, { ...DEFAULTS, ...params });
    const found = [...(await sharp(bytes).raw().toBuffer())];
    assert.ok(
      found.every((value, i) => Math.abs(value - srgb[i]!) <= 1),
      `${found} is not ${srgb}`,
    );
    assert.equal((await sharp(bytes).metadata()).icc, undefined, "the profile went along");
  }
});
