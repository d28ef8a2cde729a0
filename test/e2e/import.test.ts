import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { parquet } from "../../src/core/duck.js";
import { sha256File } from "../../src/core/hash.js";
import { pickleArrays } from "../../src/core/pickle/write.js";
import { withDuck } from "../runner/store/rig.js";
import { fates, PhotoRig, stageOf } from "./rig.js";

const TAGS = { cat: 0, dog: 2, sky: 1 };

const IMPORT = `version: 1
name: old
stages:
  old: { uses: import, with: { path: dataset, tags: tag_index.json, holdout: { share: 0.3 }, samples_per_shard: 8 } }
  train: { uses: train, inputs: { data: old }, with: { epochs: 1, batch: 8 } }
  eval: { uses: eval, inputs: { model: train, data: old }, with: { min_positives: 2, max_prevalence: 1 } }
`;

/** A picture of 32 × 32 pixels as keras-distillation keeps it: floats from 0 to 1, scores by place. */
function dataFile(look: number, scores = [look % 2 ? 0.9 : 0, 0.5, look % 3 ? 0 : 0.75]): Buffer {
  const pixels = Float32Array.from({ length: 32 * 32 * 3 }, (_, i) => ((look * 53 + i * 7) & 255) / 255);
  return gzipSync(
    pickleArrays(
      { code: "f4", shape: [32, 32, 3], bytes: new Uint8Array(pixels.buffer) },
      { code: "f8", shape: [scores.length], bytes: new Uint8Array(Float64Array.from(scores).buffer) },
    ),
  );
}

test("an old data set trains, is measured and exported like one that pack made", async (t) => {
  const rig = new PhotoRig();
  const path = (...names: string[]) => join(rig.folder, ...names);
  rig.write("p.yaml", IMPORT);
  rig.write("tag_index.json", JSON.stringify(TAGS));
  mkdirSync(path("dataset"));
  for (let look = 0; look < 30; look++) writeFileSync(path("dataset", `p${look}.jpg.pkl`), dataFile(look));
  writeFileSync(path("dataset/evil.pkl"), "cposix\nsystem\n(S'touch evil'\ntR.");
  writeFileSync(path("dataset/cut.pkl"), dataFile(99).subarray(0, 200));
  writeFileSync(path("dataset/other.pkl"), dataFile(98, [0.5]));
  const record = await rig.run();
  assert.equal(fates(record), "old ran, train ran, eval ran");
  const latest = path("artifacts/latest/old/old");

  await t.test("each picture with its scores, the tags in their places", async () => {
    assert.deepEqual(JSON.parse(readFileSync(join(latest, "tags.json"), "utf8")), ["cat", "sky", "dog"]);
    const { size, counts } = JSON.parse(readFileSync(join(latest, "dataset.json"), "utf8"));
    assert.deepEqual(size, { width: 32, height: 32 });
    assert.equal(counts.train + counts.holdout, 30);
    assert.ok(counts.holdout > 3);
    const [p9] = await withDuck((duck) =>
      duck.all(`SELECT blob, labels FROM ${parquet(join(latest, "samples.parquet"))} WHERE id = 'p9.jpg'`),
    );
    assert.deepEqual(p9, {
      blob: null,
      labels: [
        { position: 0, score: 0.9 },
        { position: 1, score: 0.5 },
        { position: 2, score: 0.75 },
      ],
    });
  });

  await t.test("what cannot be taken is set aside, named, and never run", async () => {
    const failures = path("artifacts/latest/old/old/failures/failures.parquet");
    const rows = await withDuck((duck) => duck.all(`SELECT id, class FROM ${parquet(failures)}`));
    assert.deepEqual(rows, [
      { id: "cut.pkl", class: "broken-pickle" },
      { id: "evil.pkl", class: "refused-pickle" },
      { id: "other", class: "other-tags" },
    ]);
    assert.deepEqual(
      readdirSync(rig.folder).filter((name) => name === "evil"),
      [],
    );
    const [note] = stageOf(record, "old").notes;
    assert.match(note ?? "", /^3 files or images set aside: cut\.pkl: .*posix\.system/);
    assert.equal(stageOf(record, "old").metrics.failed, 3);
  });

  await t.test(
    "the report shows the pictures, which stand in the shards alone; the store is whole",
    async () => {
      const report = readFileSync(path("artifacts/latest/old/eval/report.html"), "utf8");
      assert.ok(report.split('src="data:image/png;base64,').length > 6);
      const verified = await rig.pipe("verify");
      assert.equal(verified.code, 0, verified.stdout + verified.stderr);
    },
  );

  await t.test("a second run does nothing; one file more runs it again, for that reason", async () => {
    assert.equal(fates(await rig.run()), "old cached, train cached, eval cached");
    writeFileSync(path("dataset/p30.jpg.pkl"), dataFile(30));
    const plan = await rig.pipe("plan", "p.yaml");
    assert.match(plan.stdout, /old +would run +a data file has changed/);
  });

  await t.test("its export gives the pixels and scores that came in", async () => {
    const done = await rig.pipe("export", "old/old", "--pickle", "again");
    assert.equal(done.code, 0, done.stderr);
    const found = ["dataset", "holdout"].flatMap((side) =>
      readdirSync(path("again", side)).map((name) => [name, path("again", side, name)] as const),
    );
    assert.equal(found.length, 30);
    for (const [name, file] of found) {
      const original = path("dataset", name.replace("%2E", "."));
      assert.equal(await sha256File(file), await sha256File(original), name);
    }
  });
});

test("an import without files, with none that can be read, or without a file of tags, says what is missing", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", IMPORT);
  rig.write("tag_index.json", JSON.stringify(TAGS));
  assert.match((await rig.pipe("run", "p.yaml", "old")).stderr, /path dataset is no folder/);
  mkdirSync(join(rig.folder, "dataset"));
  assert.match((await rig.pipe("run", "p.yaml", "old")).stderr, /no file in dataset fits/);
  rig.write("dataset/a.pkl", "N.");
  assert.match(
    (await rig.pipe("run", "p.yaml", "old")).stderr,
    /none of 1 files in dataset .* no pair \(X, y\)/,
  );
  rig.write("tag_index.json", '{"cat": 0, "dog": 0}');
  assert.match((await rig.pipe("run", "p.yaml", "old")).stderr, /cat and dog have the same place 0/);
  const other = await rig.pipe("run", "p.yaml", "old", "-S", "old.tags=nowhere.json");
  assert.match(other.stderr, /file of tags nowhere\.json cannot be read/);
});
