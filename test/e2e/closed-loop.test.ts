import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import { Duck, parquet } from "../../src/core/duck.js";
import { drawScene } from "../../src/stages/crawl/sources/synthetic/scene.js";
import { serve } from "../serve/rig.js";
import { PhotoRig, stageOf } from "./rig.js";

const TRAIN = `{ student: vgg-small, loss: bce, dropout: 0.05, learning_rate: 0.005, schedule: cosine, epochs: 10, batch: 16, preprocess: tf }`;

/** The embedded pipeline, smaller: 320 scenes of 32 pixels, labelled from their pixels. */
const FIRST = `version: 1
name: first
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 320, seed: 7 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  index: { uses: index, inputs: { labels: label } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index }, with: { holdout: { count: 40 } } }
  train: { uses: train, inputs: { data: pack }, with: ${TRAIN} }
`;

/** 200 fresh scenes, labelled by the first student: behind Vision's interface, and directly. */
const second = (endpoint: string) => `version: 1
name: second
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 200, seed: 99 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label:
    uses: label
    inputs: { images: resize }
    with: { teacher: { type: google-vision, endpoint: "${endpoint}", max_results: 100 } }
  direct:
    uses: label
    inputs: { images: resize }
    with: { teacher: { type: student, model: artifacts/latest/first/train, max_results: 100 } }
  index: { uses: index, inputs: { labels: label } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index }, with: { holdout: { count: 20 } } }
  train: { uses: train, inputs: { data: pack }, with: ${TRAIN.replace("epochs: 10", "epochs: 20")} }
`;

/** The largest difference of a score between what was asked over HTTP and what was computed here. */
async function furthest(rig: PhotoRig): Promise<number> {
  const duck = await Duck.open({ scratch: rig.folder });
  const scores = (stage: string) => {
    const path = join(rig.folder, `artifacts/latest/second/${stage}/labels.parquet`);
    return `SELECT id, unnest(labels, recursive := true) FROM ${parquet(path)}`;
  };
  try {
    return await duck.value(
      `SELECT max(abs(coalesce(a.score, 0) - coalesce(b.score, 0)))
       FROM (${scores("label")}) a FULL JOIN (${scores("direct")}) b USING (id, tag)`,
    );
  } finally {
    duck.close();
  }
}

/** Scores by tag of each picture, from \`pipe predict\`. */
async function predict(rig: PhotoRig, model: string): Promise<Record<string, number>[]> {
  const done = await rig.pipe("predict", model, "fresh", "--top", "100", "--json");
  assert.equal(done.code, 0, done.stderr);
  return done.stdout
    .trim()
    .split("\n")
    .map((line) => {
      const { labels } = JSON.parse(line) as { labels: { tag: string; score: number }[] };
      return Object.fromEntries(labels.map(({ tag, score }) => [tag, score]));
    });
}

/**
 * Share of the first's variance that the second explains, over all tags: 1 - Σ(first - second)² / Σ(first - mean)².
 * Who knows each tag's mean and looks at no picture gets 0.
 */
function agreement(
  first: readonly Record<string, number>[],
  other: readonly Record<string, number>[],
): number {
  let [error, variance] = [0, 0];
  for (const tag of Object.keys(first[0]!)) {
    const mean = first.reduce((sum, scores) => sum + (scores[tag] ?? 0), 0) / first.length;
    first.forEach((scores, i) => {
      error += ((scores[tag] ?? 0) - (other[i]![tag] ?? 0)) ** 2;
      variance += ((scores[tag] ?? 0) - mean) ** 2;
    });
  }
  return 1 - error / variance;
}

test("a student that is served teaches another one through Google's own client, and the two agree", async (t) => {
  const rig = new PhotoRig();
  rig.write("first.yaml", FIRST);
  const trained = await rig.pipe("run", "first.yaml", "--quiet");
  assert.equal(trained.code, 0, trained.stderr);
  const served = await serve(rig, "first/train");
  rig.write("p.yaml", second(served.url));
  const record = await rig.run();
  served.kill("SIGTERM");
  assert.equal((await served.finished).code, 0);
  assert.equal(
    served.lines.reduce((sum, { images }) => sum + Number(images), 0),
    200,
  );
  const label = stageOf(record, "label");
  assert.deepEqual([label.items?.processed, label.items?.failed], [200, 0]);
  assert.equal(stageOf(record, "direct").outputs.labels?.rows, 200);
  const difference = await furthest(rig);
  // The server resizes and packs once more what was resized and packed as JPEG before.
  assert.ok(difference < 0.03, `served, the same model says otherwise by ${difference}`);

  mkdirSync(join(rig.folder, "fresh"));
  for (let i = 0; i < 60; i++) {
    await sharp(Buffer.from(drawScene(1234, i, 96).svg))
      .png()
      .toFile(join(rig.folder, "fresh", `${i}.png`));
  }
  const [one, two] = [await predict(rig, "first/train"), await predict(rig, "second/train")];
  const found = agreement(one, two);
  const shifted = agreement(one, [...two.slice(1), two[0]!]);
  t.diagnostic(`agreement ${found.toFixed(3)}, with the pictures mixed up ${shifted.toFixed(3)}`);
  assert.ok(found > 0.4, `agreement ${found}, baseline 0`);
  assert.ok(shifted < 0.1, `with other pictures ${shifted}`);
});
