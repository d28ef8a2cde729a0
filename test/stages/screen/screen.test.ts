import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import type { JsonObject } from "../../../src/core/json.js";
import { stage } from "../../../src/stages/screen/run.js";
import { rigContext } from "../../rigs/context.js";
import { rowsOf, type Sample, writePredictions, writeSamples } from "./tables.js";

const OFF = {
  exact_duplicates: { enabled: false },
  near_duplicates: { enabled: false, distance: 3, action: "drop" },
  constant_scores: { enabled: false, max_std: 0.001, min_images: 3 },
  collapsed: { enabled: false, max_share: 0.3, min_images: 2, min_score: 0.5 },
  few_tags: { enabled: false, min_tags: 1, min_score: 0.5 },
  many_tags: { enabled: false, max_tags: 100, min_score: 0.5 },
  unsafe: {},
  label_quality: { enabled: false, min_quality: 0.1, positive_at: 0.5 },
};

async function screen(
  samples: readonly Sample[],
  rules: JsonObject,
  tables?: { images: string; labels: string },
  predictions?: Record<string, string>,
) {
  const { images, labels } = tables ?? (await writeSamples(samples));
  const rig = rigContext({
    with: { ...OFF, ...rules },
    inputs: {
      images: { "images.parquet": images },
      labels: { "labels.parquet": labels },
      ...(predictions ? { predictions } : {}),
    },
  });
  const context = { ...rig, blob: pictureOf };
  const result = await stage.run(context);
  const report = context.outDir("report");
  return {
    result,
    notes: context.notes,
    report,
    kept: await rowsOf(join(context.outDir("labels"), "labels.parquet")),
    dropped: await rowsOf(join(report, "dropped.parquet")),
    html: readFileSync(join(report, "report.html"), "utf8"),
  };
}

/** A small picture whose colour follows from the blob's name. */
function pictureOf(blob: string): Promise<Buffer> {
  const [r = 0, g = 0, b = 0] = Buffer.from(blob.slice(0, 6), "hex");
  return sharp({ create: { width: 8, height: 8, channels: 3, background: { r, g, b } } })
    .png()
    .toBuffer();
}

const ids = (rows: readonly JsonObject[]) => rows.map((row) => row.id);

/** A hash that differs from another in the given bits (0 = lowest). */
const flip = (hash: string, ...bits: number[]) =>
  bits
    .reduce((value, bit) => value ^ (1n << BigInt(bit)), BigInt(`0x${hash}`))
    .toString(16)
    .padStart(16, "0");

const HASH = "f0e1d2c3b4a59687";

test("with all rules off everything stays, each image its own group", async () => {
  const { kept, dropped, result } = await screen(
    [
      { id: "b", tags: {} },
      { id: "a", tags: { cat: 0.9, dog: 0.2 } },
    ],
    {},
  );
  assert.deepEqual(kept, [
    {
      id: "a",
      labels: [
        { tag: "cat", score: 0.9 },
        { tag: "dog", score: 0.2 },
      ],
      raw: null,
      group_id: "a",
    },
    { id: "b", labels: [], raw: null, group_id: "b" },
  ]);
  assert.deepEqual(dropped, []);
  assert.equal(result.metrics?.kept, 2);
});

test("of images of equal bytes the smallest id stays; with the rule off they are one group", async () => {
  const samples = ["c", "a", "b", "d"].map((id) => ({
    id,
    tags: { cat: 0.9 },
    blob: (id === "d" ? "2" : "1").repeat(64),
  }));
  const on = await screen(samples, { exact_duplicates: { enabled: true } });
  assert.deepEqual(ids(on.kept), ["a", "d"]);
  assert.deepEqual(on.dropped, [
    { id: "b", rule: "exact_duplicates", detail: "same bytes as a" },
    { id: "c", rule: "exact_duplicates", detail: "same bytes as a" },
  ]);
  const off = await screen(samples, {});
  assert.deepEqual(
    off.kept.map((row) => row.group_id),
    ["a", "a", "a", "d"],
  );
});

test("near duplicates: a chain keeps its far end, all of it in one group", async () => {
  const samples = [
    { id: "a", tags: { cat: 0.9 }, dhash: HASH },
    { id: "b", tags: { cat: 0.9 }, dhash: flip(HASH, 1, 30, 63) }, // 3 bits from a
    { id: "c", tags: { cat: 0.9 }, dhash: flip(HASH, 1, 30, 63, 5, 40) }, // 2 from b, 5 from a
    { id: "d", tags: { cat: 0.9 }, dhash: flip(HASH, 2, 20, 40, 60) }, // 4 from a
  ];
  const drop = await screen(samples, { near_duplicates: { enabled: true, distance: 3, action: "drop" } });
  assert.deepEqual(drop.dropped, [{ id: "b", rule: "near_duplicates", detail: "nearly the same as a" }]);
  assert.deepEqual(
    drop.kept.map((row) => [row.id, row.group_id]),
    [
      ["a", "a"],
      ["c", "a"],
      ["d", "d"],
    ],
  );
  const group = await screen(samples, { near_duplicates: { enabled: true, distance: 3, action: "group" } });
  assert.deepEqual(
    group.kept.map((row) => [row.id, row.group_id]),
    [
      ["a", "a"],
      ["b", "a"],
      ["c", "a"],
      ["d", "d"],
    ],
  );
});

test("near duplicates: every pair within the distance is found, whichever bits differ", async () => {
  for (const distance of [0, 1, 2, 4]) {
    // Deterministic spread of flipped bits; each pair is far from all others, since their hashes are unrelated.
    const samples = Array.from({ length: 40 }, (_, n) => {
      const base = BigInt.asUintN(64, 0x9e3779b97f4a7c15n * BigInt(n + 1) ** 3n)
        .toString(16)
        .padStart(16, "0");
      const bits = Array.from({ length: distance }, (_, i) => (n * 7 + i * 17) % 64);
      return [
        { id: `${String(n).padStart(2, "0")}x`, tags: { cat: 0.9 }, dhash: base },
        { id: `${String(n).padStart(2, "0")}y`, tags: { cat: 0.9 }, dhash: flip(base, ...bits) },
      ];
    }).flat();
    const { dropped } = await screen(samples, {
      near_duplicates: { enabled: true, distance, action: "drop" },
    });
    assert.deepEqual(
      ids(dropped),
      samples.filter((s) => s.id.endsWith("y")).map((s) => s.id),
      `distance ${distance}`,
    );
  }
});

test("hashes of plain pictures say nothing", async () => {
  const samples = ["a", "b"].map((id) => ({ id, tags: { sky: 0.9 }, dhash: "0000000000000001" }));
  const { dropped } = await screen(samples, {
    near_duplicates: { enabled: true, distance: 3, action: "drop" },
  });
  assert.deepEqual(dropped, []);
});

test("without a dhash column the rule is skipped, and it is said", async () => {
  const tables = await writeSamples([{ id: "a", tags: { cat: 1 } }], { dhash: false });
  const { kept, notes } = await screen(
    [],
    { near_duplicates: { enabled: true, distance: 3, action: "drop" } },
    tables,
  );
  assert.deepEqual(ids(kept), ["a"]);
  assert.match(notes.join(), /no `dhash` column/);
});

test("a tag of constant score leaves all lists; one below min_images stays", async () => {
  const { kept, dropped, result } = await screen(
    [
      { id: "a", tags: { cat: 0.9, photo: 0.5, rare: 0.7 } },
      { id: "b", tags: { cat: 0.7, photo: 0.5, rare: 0.7 } },
      { id: "c", tags: { cat: 0.8, photo: 0.5 } },
    ],
    { constant_scores: { enabled: true, max_std: 0.001, min_images: 3 } },
  );
  assert.deepEqual(kept[0]?.labels, [
    { tag: "cat", score: 0.9 },
    { tag: "rare", score: 0.7 },
  ]);
  assert.deepEqual(kept[2]?.labels, [{ tag: "cat", score: 0.8 }]);
  assert.deepEqual(dropped, [
    { id: null, rule: "constant_scores", detail: "tag photo: score 0.5000 ± 0.0000 on 3 images" },
  ]);
  assert.equal(result.metrics?.constant_scores, 1);
});

test("many tags of constant score leave all lists as well", async () => {
  const constant = Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`it's ${n}`, 0.5]));
  const samples = [0.7, 0.8, 0.9].map((cat, n) => ({ id: `${n}`, tags: { ...constant, cat } }));
  const { kept, result } = await screen(samples, {
    constant_scores: { enabled: true, max_std: 0.001, min_images: 3 },
  });
  assert.equal(result.metrics?.constant_scores, 40);
  assert.deepEqual(
    kept.map((row) => row.labels),
    [0.7, 0.8, 0.9].map((score) => [{ tag: "cat", score }]),
  );
});

test("the standard deviation is that of the population", async () => {
  // Scores 0.50, 0.52, 0.54: population std 0.0163299 (Python: statistics.pstdev([.5, .52, .54])), sample std 0.02.
  const samples = [0.5, 0.52, 0.54].map((score, n) => ({ id: `${n}`, tags: { x: score, y: 0.9 - n / 10 } }));
  const at = (max_std: number) =>
    screen(samples, { constant_scores: { enabled: true, max_std, min_images: 3 } });
  assert.equal((await at(0.0164)).result.metrics?.constant_scores, 1);
  assert.equal((await at(0.0163)).result.metrics?.constant_scores, 0);
});

test("collapsed: the most common tag set goes when it covers more than max_share", async () => {
  const same = ["a", "b", "c"].map((id, n) => ({
    id,
    tags: { sky: 0.9, sea: 0.6 + n / 100, faint: n / 10 },
  }));
  const others = ["d", "e", "f"].map((id, n) => ({ id, tags: { [`t${n}`]: 0.9 } }));
  const rule = { enabled: true, max_share: 0.4, min_images: 2, min_score: 0.5 };
  const on = await screen([...same, ...others], { collapsed: rule });
  assert.deepEqual(ids(on.kept), ["d", "e", "f"]);
  assert.deepEqual(on.dropped[0], { id: "a", rule: "collapsed", detail: "tag set of 3 images: sea, sky" });
  const within = await screen([...same, ...others], { collapsed: { ...rule, max_share: 0.5 } });
  assert.equal(within.kept.length, 6);
});

test("collapsed: every tag set that covers more than max_share goes, whatever the order of its tags", async () => {
  const samples = [
    { id: "a", tags: { sky: 0.9, sea: 0.6 } },
    { id: "b", tags: { sea: 0.9, sky: 0.6 } },
    { id: "c", tags: { cat: 0.9 } },
    { id: "d", tags: { cat: 0.7 } },
    { id: "e", tags: { dog: 0.9 } },
    { id: "f", tags: {} },
    { id: "g", tags: {} },
  ];
  const rule = { enabled: true, max_share: 0.25, min_images: 2, min_score: 0.5 };
  const { kept, dropped } = await screen(samples, { collapsed: rule });
  assert.deepEqual(ids(kept), ["e", "f", "g"]);
  assert.deepEqual(
    dropped.map((row) => row.detail),
    ["sea, sky", "sea, sky", "cat", "cat"].map((set) => `tag set of 2 images: ${set}`),
  );
});

test("too many tags of enough score", async () => {
  const tags = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, n) => [`t${n}`, 0.6]));
  const { kept, dropped } = await screen(
    [
      { id: "a", tags: tags(3) },
      { id: "b", tags: tags(4) },
      { id: "c", tags: { ...tags(3), faint: 0.3 } },
    ],
    { many_tags: { enabled: true, max_tags: 3, min_score: 0.5 } },
  );
  assert.deepEqual(ids(kept), ["a", "c"]);
  assert.deepEqual(dropped, [{ id: "b", rule: "many_tags", detail: "4 tags with a score of 0.5 or more" }]);
});

test("unsafe images go as the params say; without an answer they stay, and it is said", async () => {
  const answers = {
    a: "{'adult': 'LIKELY', 'spoof': 'VERY_UNLIKELY', 'medical': 'UNKNOWN', 'violence': 'POSSIBLE', 'racy': 'VERY_LIKELY'}",
    b: "{'adult': 'POSSIBLE', 'spoof': 'VERY_LIKELY', 'medical': 'LIKELY', 'violence': 'VERY_UNLIKELY', 'racy': 'LIKELY'}",
    c: "{'adult': 'UNKNOWN', 'spoof': 'UNKNOWN', 'medical': 'UNKNOWN', 'violence': 'UNKNOWN', 'racy': 'UNKNOWN'}",
    d: "NULL",
  };
  const samples = Object.keys(answers).map((id) => ({ id, tags: { cat: 0.9 } }));
  const tables = await writeSamples(samples, { columns: { safe_search: answers } });
  const { kept, dropped, notes } = await screen(
    [],
    { unsafe: { adult: "LIKELY", racy: "VERY_LIKELY" } },
    tables,
  );
  assert.deepEqual(ids(kept), ["b", "c", "d"]);
  assert.deepEqual(dropped, [{ id: "a", rule: "unsafe", detail: "adult LIKELY, racy VERY_LIKELY" }]);
  assert.match(notes.join(), /1 images have no SafeSearch answer: they stay/);
  const strict = await screen([], { unsafe: { violence: "VERY_UNLIKELY" } }, tables);
  assert.deepEqual(ids(strict.kept), ["c", "d"]);
  const without = await screen(samples, { unsafe: { adult: "LIKELY" } });
  assert.equal(without.kept.length, 4);
  assert.match(without.notes.join(), /the labels carry no SafeSearch/);
});

test("label quality is cleanlab's", async () => {
  // cleanlab 2.9.0: multilabel_classification.get_label_quality_scores(labels, pred_probs), method self_confidence;
  // normalized_margin gives the same numbers.
  const QUALITY = { a: 0.4844, b: 0.22544, c: 0.43896, d: 0.7 };
  const probabilities = {
    a: [0.9, 0.2, 0.05, 0.6],
    b: [0.1, 0.8, 0.3, 0.02],
    c: [0.97, 0.01, 0.5, 0.4],
    d: [0.3, 0.3, 0.3, 0.3],
  };
  const samples = [
    { id: "a", tags: { t0: 0.9, t1: 0.4, other: 0.8 } },
    { id: "b", tags: { t0: 0.6, t1: 0.5 } },
    { id: "c", tags: { t0: 1, t2: 0.7, t3: 0.6 } },
    { id: "d", tags: { other: 0.9 } },
    { id: "not held out", tags: { t0: 0.9 } },
  ];
  const predictions = await writePredictions(probabilities);
  const rule = { enabled: true, min_quality: 0.45, positive_at: 0.5 };
  const judged = await screen(samples, { label_quality: rule }, undefined, predictions);
  const scores = await rowsOf(join(judged.report, "label_quality.parquet"));
  assert.deepEqual(ids(scores), Object.keys(QUALITY));
  for (const { id, quality } of scores) {
    const expected = QUALITY[id as keyof typeof QUALITY];
    assert.ok(Math.abs(Number(quality) - expected) < 1e-12, `${id}: ${quality}`);
  }
  assert.deepEqual(judged.dropped, [
    { id: "b", rule: "label_quality", detail: "label quality 0.2254" },
    { id: "c", rule: "label_quality", detail: "label quality 0.4390" },
  ]);
  assert.deepEqual(ids(judged.kept), ["a", "d", "not held out"]);
  assert.match(judged.html, /Label quality/);
  const off = await screen(samples, { label_quality: { ...rule, enabled: false } }, undefined, predictions);
  assert.equal(off.kept.length, 5);
  assert.ok(existsSync(join(off.report, "label_quality.parquet")));
});

test("of a tag that the student does not name, its score is at most the least it names", async () => {
  // Two of four tags are named: 0.9 and 0.2. The teacher gave t3: scores 0.9, 1 - 0.2, then 0.2 for t3, whose moving
  // average is 0.8 · 0.2 + 0.2 · (0.8 · 0.8 + 0.2 · 0.9) = 0.324.
  const predictions = await writePredictions({ a: [0.9, 0.2] }, ["t0", "t1", "t2", "t3"]);
  const { report } = await screen([{ id: "a", tags: { t0: 1, t3: 1 } }], {}, undefined, predictions);
  const [row] = await rowsOf(join(report, "label_quality.parquet"));
  assert.ok(Math.abs(Number(row?.quality) - 0.324) < 1e-12, String(row?.quality));
});

test("labels in no order give what sorted ones give", async () => {
  const samples = [3, 1, 2, 5, 4].map((n) => ({ id: `i${n}`, tags: { cat: n / 10, dog: 0.9 }, dhash: HASH }));
  const rules = { near_duplicates: { enabled: true, distance: 3, action: "drop" } };
  const [sorted, not] = [
    await screen([], rules, await writeSamples(samples)),
    await screen([], rules, await writeSamples(samples, { order: "id DESC" })),
  ];
  assert.deepEqual(ids(sorted.kept), ["i1"]);
  assert.deepEqual(not.result, sorted.result);
  assert.equal(not.html, sorted.html);
});

test("the report shows the examples' pictures, beside what they are alike to", async () => {
  const samples = ["a", "b", "c"].map((id) => ({
    id,
    tags: { cat: 0.9 },
    dhash: id === "c" ? undefined : HASH,
  }));
  const { html } = await screen(
    samples.map(({ dhash, ...rest }) => (dhash ? { ...rest, dhash } : rest)),
    { near_duplicates: { enabled: true, distance: 3, action: "drop" } },
  );
  assert.deepEqual(
    [...html.matchAll(/<img src="data:image\/png;base64,[^"]+" alt="image (.)"/g)].map(([, id]) => id),
    ["b", "a"],
  );
});

test("too few tags of enough score", async () => {
  const { kept, dropped } = await screen(
    [
      { id: "a", tags: { cat: 0.9, dog: 0.5 } },
      { id: "b", tags: { cat: 0.9, dog: 0.4 } },
      { id: "c", tags: {} },
    ],
    { few_tags: { enabled: true, min_tags: 2, min_score: 0.5 } },
  );
  assert.deepEqual(ids(kept), ["a"]);
  assert.deepEqual(
    dropped.map((row) => row.detail),
    ["1 tags with a score of 0.5 or more", "0 tags with a score of 0.5 or more"],
  );
});

test("rules follow one another: a tag that goes leaves an image with too few", async () => {
  const samples = ["a", "b", "c"].map((id, n) => ({
    id,
    tags: { photo: 0.6, ...(n > 0 ? { cat: 0.5 + n / 10 } : {}) },
  }));
  const { kept } = await screen(samples, {
    constant_scores: { enabled: true, max_std: 0.001, min_images: 3 },
    few_tags: { enabled: true, min_tags: 1, min_score: 0.5 },
  });
  assert.deepEqual(ids(kept), ["b", "c"]);
});

test("nothing left is a failure that names the rule", async () => {
  await assert.rejects(
    screen([{ id: "a", tags: {} }], { few_tags: { enabled: true, min_tags: 1, min_score: 0.5 } }),
    {
      message: "no image is left of 1",
      options: {
        hint: "dropped: unsafe 0, exact_duplicates 0, near_duplicates 0, constant_scores 0, collapsed 0, few_tags 1, many_tags 0, label_quality 0; loosen that rule",
      },
    },
  );
});

test("ids and tags reach the report escaped", async () => {
  const { html } = await screen(
    [
      { id: "<script>x", tags: {} },
      { id: "b", tags: { "<b>'\"": 0.9 } },
    ],
    { few_tags: { enabled: true, min_tags: 1, min_score: 0.5 } },
  );
  assert.ok(html.includes("&lt;script&gt;x") && html.includes("&lt;b&gt;&#39;&quot;"));
  assert.ok(!html.includes("<script") && !html.includes("<b>"));
  assert.match(html, /content="default-src &#39;none&#39;; img-src data:; style-src &#39;sha256-/);
});

test("labels without an image stand in no chart", async () => {
  const cat = { id: "a", tags: { cat: 0.9 } };
  const { images } = await writeSamples([cat]);
  const { labels } = await writeSamples([cat, { id: "b", tags: { dog: 0.8, cow: 0.7 } }]);
  const more = await screen([], {}, { images, labels });
  assert.equal(more.html, (await screen([cat], {})).html);
});

test("equal input gives equal bytes, and the bytes of version 2", async () => {
  const samples = Array.from({ length: 50 }, (_, n) => ({
    id: `i${n}`,
    tags: { cat: ((n * 37) % 100) / 100, dog: ((n * 53) % 100) / 100, photo: 0.5 },
    dhash:
      n % 10 === 9
        ? flip(HASH, n)
        : `${(n * 0x1234567).toString(16).padStart(8, "0")}c3a5${String(n * 97).padStart(4, "0")}`,
  }));
  const rules = {
    exact_duplicates: { enabled: true },
    near_duplicates: { enabled: true, distance: 3, action: "drop" },
    constant_scores: { enabled: true, max_std: 0.001, min_images: 3 },
    few_tags: { enabled: true, min_tags: 1, min_score: 0.3 },
  };
  const [one, two] = [await screen(samples, rules), await screen(samples.toReversed(), rules)];
  assert.equal(one.html, two.html);
  assert.deepEqual(one.result, two.result);
  // Golden: when this changes, raise the kind's version.
  const tables = Object.values(one.result.outputs ?? {}).flat();
  assert.deepEqual(
    tables.map((file) => ("table" in file ? file.table?.content.slice(0, 16) : "")),
    ["a00e15d8b73d26b5", "e0f4537c9fd26fcb"],
  );
});
