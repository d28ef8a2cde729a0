import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { GalleryBuilder } from "../../../src/stages/eval/gallery.js";
import { ScoreFile } from "../../../src/stages/eval/score-file.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { measureSynthetic, predictions, prevalence } from "./synthetic.js";

const folder = () => temporaryFolder();

test("a score file gives back its rows, blocks and the last part of one", () => {
  // 4 MiB blocks of 3,000 columns hold 349 rows: two full blocks and a part.
  const columns = 3000;
  const path = join(folder(), "scores");
  const file = new ScoreFile(path, columns);
  for (let r = 0; r < 800; r++) file.append(new Float32Array(columns).fill(r + 0.5));
  let rows = 0;
  for (const row of file.rows()) {
    assert.equal(row[0], rows + 0.5);
    assert.equal(row[columns - 1], rows + 0.5);
    rows++;
  }
  assert.equal(rows, 800);
  file.close();
  assert.deepEqual(readdirSync(join(path, "..")), []);
});

test("the baseline's macro mAP is the mean held-out prevalence of the tags that count", async () => {
  const set = { tags: Array.from({ length: 12 }, (_, i) => `t${i}`), images: 200 };
  const { student, baseline } = await measureSynthetic(set);
  const shares = await prevalence(set, 2);
  const counted = set.tags.map((_, t) => t).filter((t) => student.tag(t).counted);
  assert.ok(counted.length >= 8);
  const mean = counted.reduce((sum, t) => sum + shares[t]!, 0) / counted.length;
  assert.ok(Math.abs(baseline.metrics().map - mean) < 1e-6);
  assert.ok(student.metrics().map > 2 * mean, "this student knows something");
  assert.ok(student.metrics().kl < baseline.metrics().kl);
});

test("without a sample the threshold is 0.5; with one it is the sample's best for each of the two", async () => {
  const set = { tags: ["a", "b", "c"], images: 60 };
  const measured = await measureSynthetic(set);
  assert.equal(measured.thresholdImages, 60);
  assert.ok(measured.rules.threshold > 0.2 && measured.rules.threshold < 0.6);
  assert.notEqual(measured.baselineThreshold, measured.rules.threshold);
});

test("the gallery holds the nearest, the farthest and a fixed random choice, whatever the order of the images", async () => {
  const set = { tags: ["a", "b", "c", "d"], images: 100 };
  const images: { id: string; scores: Float32Array; targets: Float32Array; kl: number }[] = [];
  for await (const { id, scores, targets } of predictions(set, 3)) {
    images.push({ id, scores: scores.slice(), targets: targets.slice(), kl: images.length % 50 });
  }
  const build = (list: typeof images) => {
    const builder = new GalleryBuilder(0.5);
    for (const image of list) builder.add(image.id, image.kl, image.scores, image.targets);
    return builder.build();
  };
  const gallery = build(images);
  assert.deepEqual(build([...images].reverse()), gallery);
  // KL runs 0 … 49 twice: the twelve farthest are 49, 49, 48, 48 …, ties by id.
  assert.deepEqual(
    gallery.worst.slice(0, 4).map((card) => card.id),
    ["image-0049", "image-0099", "image-0048", "image-0098"],
  );
  const positive = new Set(images.filter((i) => i.targets.some((q) => q >= 0.5)).map((i) => i.id));
  assert.ok(gallery.best.every((card) => positive.has(card.id)));
  assert.equal(gallery.random.length, 12);
  for (const card of gallery.random) {
    const image = images.find((i) => i.id === card.id)!;
    for (const tag of card.tags) assert.equal(tag.teacher, image.targets[tag.position]);
  }
});
