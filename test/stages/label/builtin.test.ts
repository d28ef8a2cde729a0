import assert from "node:assert/strict";
import { test } from "node:test";
import sharp from "sharp";
import type { ItemOutcome } from "../../../src/contract/stage.js";
import type { JsonObject } from "../../../src/core/json.js";
import { drawScene } from "../../../src/stages/crawl/sources/synthetic/scene.js";
import { items as label } from "../../../src/stages/label/run.js";
import { TAGS } from "../../../src/stages/label/teachers/builtin/tags.js";
import { items as resize } from "../../../src/stages/resize/run.js";
import { rigContext } from "../../rigs/context.js";
import { drawing } from "../../rigs/drawing.js";
import { teacherConformance } from "./teachers-conformance.js";

teacherConformance("builtin", () => ({ type: "builtin" }));

const RESIZE = { size: 64, fit: "pad-top-left", format: "png", quality: 95, background: "#000000" };
const SCENES = Array.from({ length: 40 }, (_, index) => index);

type Scores = Readonly<Record<string, number>>;

async function labelBytes(bytes: Uint8Array, row: JsonObject = {}): Promise<ItemOutcome> {
  const context = rigContext({ with: { teacher: { type: "builtin" } } });
  const worker = await label.open(context);
  const blob = context.addBlob(bytes);
  const [outcome] = await worker.process([{ id: "x", input: blob, locator: "", row: { ...row, blob } }]);
  await worker.close?.();
  return outcome!;
}

function scoresOf(outcome: ItemOutcome): Scores {
  assert.ok(outcome.ok, JSON.stringify(outcome));
  const labels = outcome.columns.labels as unknown as { tag: string; score: number }[];
  return Object.fromEntries(labels.map(({ tag, score }) => [tag, score]));
}

/** A scene through resize and label, as a pipeline would take it. */
async function labelScene(index: number, params: JsonObject = {}): Promise<Scores> {
  const scene = await drawing(drawScene(11, index, 160).svg)
    .removeAlpha()
    .png()
    .toBuffer();
  const context = rigContext({ with: { ...RESIZE, kernel: "lanczos3", max_pixels: 1e6, ...params } });
  const worker = await resize.open(context);
  const [outcome] = await worker.process([{ id: "x", input: context.addBlob(scene), locator: "", row: {} }]);
  assert.ok(outcome?.ok);
  return scoresOf(await labelBytes(outcome.blobs!.blob as Buffer, outcome.columns));
}

function differences(a: Scores, b: Scores): number[] {
  return Object.keys(TAGS).map((tag) => Math.abs((a[tag] ?? 0) - (b[tag] ?? 0)));
}

test("padding has no part in the scores: exact where the crop is", async () => {
  for (const index of SCENES) {
    const plain = await labelScene(index);
    for (const padding of [{ background: "#ff3010" }, { fit: "pad-center" }, { fit: "contain" }]) {
      assert.deepEqual(await labelScene(index, padding), plain, `scene ${index}, ${JSON.stringify(padding)}`);
    }
  }
});

test("padding has next to no part where a JPEG's blocks straddle its edge", async () => {
  const all: number[] = [];
  for (const index of SCENES) {
    const black = await labelScene(index, { format: "jpg" });
    all.push(...differences(black, await labelScene(index, { format: "jpg", background: "#ffffff" })));
  }
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  assert.ok(mean < 0.003, `mean difference ${mean}`);
  assert.ok(Math.max(...all) < 0.25, `largest difference ${Math.max(...all)}`);
});

test("a picture has about the same tags at 64 and at 160 pixels", async () => {
  const all: number[] = [];
  for (const index of SCENES) {
    all.push(...differences(await labelScene(index), await labelScene(index, { size: 160 })));
  }
  const mean = all.reduce((a, b) => a + b, 0) / all.length;
  assert.ok(mean < 0.01, `mean difference ${mean}`);
});

test("labels come highest first, then by tag, in four decimals, and there is no raw answer", async () => {
  const white = await sharp({ create: { width: 32, height: 32, channels: 3, background: "#ffffff" } })
    .png()
    .toBuffer();
  const outcome = await labelBytes(white);
  assert.ok(outcome.ok);
  assert.equal(outcome.blobs, undefined);
  const labels = outcome.columns.labels as unknown as { tag: string; score: number }[];
  const sorted = labels.toSorted((a, b) => b.score - a.score || (a.tag < b.tag ? -1 : 1));
  assert.deepEqual(labels, sorted);
  assert.ok(labels.some(({ tag }) => tag === "white"));
  for (const { score } of labels) {
    assert.equal(score, Number(score.toFixed(4)));
    assert.ok(score >= 0.05 && score <= 1, "what is hardly there is no label");
  }
});

test("bytes that are no picture, and areas outside one, are outcomes", async () => {
  const broken = await labelBytes(Buffer.from("no picture"));
  assert.ok(!broken.ok && broken.class === "broken-image" && !broken.transient);
  const dot = await sharp({ create: { width: 8, height: 8, channels: 3, background: "#000" } })
    .png()
    .toBuffer();
  const outside = { content_left: 4, content_top: 0, content_width: 8, content_height: 8 };
  const beyond = await labelBytes(dot, outside);
  assert.ok(!beyond.ok && beyond.class === "broken-image");
});

test("the embedded scenes give a student something to learn: most tags on 4 to 50 % of them", async () => {
  const count = 400;
  const positives: Record<string, number> = {};
  for (let index = 0; index < count; index++) {
    const scene = await drawing(drawScene(7, index, 64).svg)
      .removeAlpha()
      .png()
      .toBuffer();
    for (const [tag, score] of Object.entries(scoresOf(await labelBytes(scene)))) {
      if (score >= 0.5) positives[tag] = (positives[tag] ?? 0) + 1;
    }
  }
  const learnable = Object.keys(TAGS).filter((tag) => {
    const share = (positives[tag] ?? 0) / count;
    return share >= 0.04 && share <= 0.5;
  });
  assert.ok(learnable.length >= 32, `only ${learnable.length} tags: ${JSON.stringify(positives)}`);
});
