import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { sharp } from "../../src/core/sharp.js";
import { temporaryFolder } from "../rigs/folder.js";

const PIXELS = { create: { width: 6, height: 4, channels: 3 as const, background: "#336699" } };

test("pictures are read in every format that is taken", async () => {
  for (const format of ["jpeg", "png", "webp", "gif", "tiff", "avif"] as const) {
    const bytes = await sharp(PIXELS).toFormat(format).toBuffer();
    const { width, height } = await sharp(bytes).metadata();
    assert.deepEqual({ width, height }, { width: 6, height: 4 }, format);
  }
});

test("drawings are not run, from memory or from a file, whatever they are called", async () => {
  const folder = temporaryFolder();
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="6" height="4"><rect width="6" height="4"/></svg>',
  );
  for (const bytes of [svg, gzipSync(svg)]) {
    const path = join(folder, "innocent.png");
    writeFileSync(path, bytes);
    await assert.rejects(sharp(bytes).raw().toBuffer(), /unsupported image format|operation is blocked/i);
    await assert.rejects(sharp(path).raw().toBuffer(), /unsupported image format|operation is blocked/i);
  }
});
