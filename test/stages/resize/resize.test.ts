import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import type { JsonObject } from "../../../src/core/json.js";
import { items } from "../../../src/stages/resize/run.js";
import { rigContext } from "../../rigs/context.js";
import { DEFAULTS } from "./defaults.js";

type Rgb = readonly [number, number, number];
const RED: Rgb = [220, 30, 30];
const BLUE: Rgb = [30, 60, 200];

/** Left half red, right half blue. */
function halves(width: number, height: number) {
  const data = Buffer.alloc(width * height * 3);
  for (let i = 0; i < width * height; i++) data.set(i % width < width / 2 ? RED : BLUE, 3 * i);
  return sharp(data, { raw: { width, height, channels: 3 } });
}

/** Runs one picture through the stage. */
async function resizeOne(bytes: Uint8Array, params: JsonObject = {}) {
  const context = rigContext({ with: { ...DEFAULTS, ...params } });
  const worker = await items.open(context);
  const input = context.addBlob(bytes);
  const [outcome] = await worker.process([{ id: "x", input, locator: "", row: {} }]);
  return outcome!;
}

async function resized(bytes: Uint8Array, params: JsonObject = {}) {
  const outcome = await resizeOne(bytes, params);
  assert.ok(outcome.ok, JSON.stringify(outcome));
  const blob = outcome.blobs!.blob as Buffer;
  const { data, info } = await sharp(blob).raw().toBuffer({ resolveWithObject: true });
  const { content_left, content_top, content_width, content_height, ...columns } = outcome.columns;
  return {
    blob,
    columns,
    content: [content_left, content_top, content_width, content_height],
    channels: info.channels,
    size: [info.width, info.height],
    at: (x: number, y: number) => [...data.subarray(info.channels * (y * info.width + x))].slice(0, 3),
  };
}

async function failure(bytes: Uint8Array, params: JsonObject = {}) {
  const outcome = await resizeOne(bytes, params);
  assert.ok(!outcome.ok, "expected a failure");
  assert.equal(outcome.transient, false);
  assert.notEqual(outcome.detail, "");
  return outcome.class;
}

function near(actual: readonly number[], expected: readonly number[], tolerance: number, what: string) {
  assert.ok(
    actual.length === expected.length && actual.every((v, i) => Math.abs(v - expected[i]!) <= tolerance),
    `${what}: ${actual} is not ${expected} ± ${tolerance}`,
  );
}

test("each fit puts the content where it says", async () => {
  const wide = await halves(200, 100).png().toBuffer();
  const cases = [
    { fit: "pad-top-left", size: [64, 64], content: [0, 0, 64, 32] },
    { fit: "pad-center", size: [64, 64], content: [0, 16, 64, 32] },
    { fit: "cover", size: [64, 64], content: [0, 0, 64, 64] },
    { fit: "contain", size: [64, 32], content: [0, 0, 64, 32] },
    { fit: "stretch", size: [64, 64], content: [0, 0, 64, 64] },
  ];
  for (const { fit, size, content } of cases) {
    const result = await resized(wide, { fit, background: "#102030" });
    assert.deepEqual(result.size, size, fit);
    assert.deepEqual(result.content, content, fit);
    const [left, top, width, height] = content as [number, number, number, number];
    near(result.at(left + 2, top + 2), RED, 2, `${fit}, left`);
    near(result.at(left + width - 3, top + height - 3), BLUE, 2, `${fit}, right`);
    if (height < size[1]!) assert.deepEqual(result.at(5, 63), [16, 32, 48], `${fit}, padding`);
  }
});

test("tall, tiny, and of another aspect ratio", async () => {
  const tall = await halves(30, 90).png().toBuffer();
  assert.deepEqual((await resized(tall)).content, [0, 0, 21, 64]);
  assert.deepEqual((await resized(tall, { fit: "pad-center" })).content, [21, 0, 21, 64]);
  const oblong = await resized(tall, { size: { width: 80, height: 40 } });
  assert.deepEqual(
    [oblong.size, oblong.content],
    [
      [80, 40],
      [0, 0, 13, 40],
    ],
  );
  const dot = await sharp({ create: { width: 1, height: 1, channels: 3, background: "#dc1e1e" } })
    .png()
    .toBuffer();
  const grown = await resized(dot);
  assert.deepEqual([grown.content, grown.at(63, 63)], [[0, 0, 64, 64], [...RED]]);
  // A thread 1 × 1000 scales to a width of 0.064 pixels: one is kept.
  const thread = await resized(await halves(1, 1000).png().toBuffer());
  assert.deepEqual(thread.content, [0, 0, 1, 64]);
});

test("EXIF says which way is up", async () => {
  // Orientation 6: the camera was turned, the first row is the right-hand column.
  const turned = await halves(80, 40).withMetadata({ orientation: 6 }).jpeg({ quality: 100 }).toBuffer();
  const result = await resized(turned);
  assert.deepEqual(result.content, [0, 0, 32, 64]);
  near(result.at(16, 5), RED, 6, "top");
  near(result.at(16, 58), BLUE, 6, "bottom");
  assert.equal((await sharp(result.blob).metadata()).exif, undefined, "metadata went along");
});

test("whatever the colours are stored as, three channels of 8 bits come out", async () => {
  const size = 64;
  const wide = await resized(await halves(size, size).toColourspace("rgb16").png().toBuffer());
  near(wide.at(5, 5), RED, 1, "16 bit");
  const grey = await halves(size, size).greyscale().toColourspace("b-w").png().toBuffer();
  assert.equal((await sharp(grey).metadata()).channels, 1);
  const fromGrey = await resized(grey);
  assert.equal(new Set(fromGrey.at(5, 5)).size, 1, "grey stays grey");
  // Through an ink profile and back, saturated colours lose some of their strength.
  const cmyk = await resized(
    await halves(size, size).toColourspace("cmyk").jpeg({ quality: 100 }).toBuffer(),
  );
  near(cmyk.at(5, 5), RED, 35, "cmyk");
  for (const result of [wide, fromGrey, cmyk]) assert.equal(result.channels, 3);
});

test("a colour profile is applied", async () => {
  const colour = { r: 180, g: 60, b: 60 };
  const p3 = await sharp({ create: { width: 64, height: 64, channels: 3, background: colour } })
    .withIccProfile("p3")
    .png()
    .toBuffer();
  const stored = [...(await sharp(p3, { ignoreIcc: true }).raw().toBuffer())].slice(0, 3);
  assert.ok(stored[0]! < 172, `sRGB's 180 is less in the wider Display P3: ${stored}`);
  near((await resized(p3)).at(9, 9), [180, 60, 60], 3, "P3");
});

test("transparent pixels show the background", async () => {
  const clear = await sharp({
    create: { width: 20, height: 20, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0 } },
  })
    .png()
    .toBuffer();
  const result = await resized(clear, { background: "#0a64c8" });
  near(result.at(10, 10), [10, 100, 200], 1, "background");
  assert.equal(result.channels, 3);
});

test("of an animation the first frame is taken", async () => {
  const frames = await Promise.all(
    [RED, BLUE].map(([r, g, b]) =>
      sharp({ create: { width: 32, height: 32, channels: 3, background: { r, g, b } } })
        .png()
        .toBuffer(),
    ),
  );
  const animation = await sharp(frames, { join: { animated: true } })
    .gif()
    .toBuffer();
  assert.equal((await sharp(animation).metadata()).pages, 2);
  const result = await resized(animation);
  assert.deepEqual(result.content, [0, 0, 64, 64]);
  near(result.at(32, 32), RED, 8, "first frame");
});

test("broken pictures are outcomes, each with its class", async () => {
  const noise = Buffer.from(Array.from({ length: 120 * 120 * 3 }, (_, i) => (i * i * 31) % 251));
  const photo = sharp(noise, { raw: { width: 120, height: 120, channels: 3 } });
  const jpeg = await photo.jpeg().toBuffer();
  const png = await photo.png().toBuffer();
  assert.equal(await failure(jpeg.subarray(0, jpeg.length / 2)), "broken-image");
  assert.equal(await failure(png.subarray(0, png.length / 2)), "broken-image");
  assert.equal(await failure(Buffer.alloc(0)), "broken-image");
  assert.equal(await failure(Buffer.from("this is no picture")), "broken-image");
  assert.equal(
    await failure(Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" width="5" height="5"/>')),
    "refused-format",
  );
  assert.equal(await failure(Buffer.from("%PDF-1.7")), "refused-format");
  assert.equal(await failure(jpeg, { max_pixels: 120 * 120 - 1 }), "too-many-pixels");
  assert.ok((await resizeOne(jpeg, { max_pixels: 120 * 120 })).ok);
});

test("equal pictures and params give equal bytes, in each format", async () => {
  const bytes = await halves(150, 100).jpeg().toBuffer();
  for (const format of ["jpg", "png", "webp"]) {
    const [one, two] = [await resized(bytes, { format }), await resized(bytes, { format })];
    assert.ok(one.blob.equals(two.blob), format);
    const found = (await sharp(one.blob).metadata()).format;
    assert.equal(found === "jpeg" ? "jpg" : found, format);
    assert.deepEqual(one.columns, {
      bytes: one.blob.length,
      format,
      width: 64,
      height: 64,
      dhash: one.columns.dhash,
    });
  }
});

test("the hash is of the content, wherever padding puts it", async () => {
  const bytes = await halves(200, 100).jpeg().toBuffer();
  const hashes = ["pad-top-left", "pad-center", "contain"].map((fit) => resized(bytes, { fit }));
  const found = new Set((await Promise.all(hashes)).map((result) => result.columns.dhash));
  assert.equal(found.size, 1);
});
