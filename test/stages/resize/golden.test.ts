import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import { sha256 } from "../../../src/core/hash.js";
import { kind as resize } from "../../../src/stages/resize/kind.js";
import { resizePicture } from "../../../src/stages/resize/resize.js";

test("output is that of version 1: other pixels or hashes need another version", async () => {
  assert.equal(resize.version, 1, "pin the new version's output here");
  const data = Buffer.from(Array.from({ length: 120 * 80 * 3 }, (_, i) => (i * 7 + (i >> 9) * 31) % 256));
  const original = await sharp(data, { raw: { width: 120, height: 80, channels: 3 } })
    .png()
    .toBuffer();
  // Nearest neighbours and PNG: the pixels are no matter of libvips's version, which has its own place in the key.
  const result = await resizePicture(original, {
    size: 60,
    fit: "pad-center",
    only_if_bigger: false,
    format: "png",
    quality: 95,
    background: "#112233",
    kernel: "nearest",
    max_pixels: 1e6,
  });
  const pixels = await sharp(result.bytes).raw().toBuffer();
  const { dhash, content } = result;
  assert.deepEqual(
    { pixels: sha256(pixels), dhash, content },
    {
      pixels: "8188b4e225b28f3d95bca831f683879ca92d12b5066440437feace593d62a853",
      dhash: "54a5448200947398",
      content: { left: 0, top: 10, width: 60, height: 40 },
    },
  );
});
