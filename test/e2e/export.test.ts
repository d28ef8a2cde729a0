import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";
import sharp from "sharp";
import { BlobReader } from "../../src/core/blobs.js";
import { type DuckRow, parquet } from "../../src/core/duck.js";
import { sha256 } from "../../src/core/hash.js";
import { readSeedFile } from "../../src/student/seed-file.js";
import { withDuck } from "../runner/store/rig.js";
import { PhotoRig } from "./rig.js";

/** Synthetic scenes up to a data set: 24 images of 16 pixels, a quarter held out, in shards of six. */
const DATA_SET = `version: 1
name: set
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 24, seed: 3 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: { width: 20, height: 16 }, format: png } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  index: { uses: index, inputs: { labels: label }, with: { top: 12, min_count: 1 } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index }, with: { holdout: { share: 0.25 }, samples_per_shard: 6 } }
`;

const rig = new PhotoRig();
const path = (...names: string[]) => join(rig.folder, ...names);

before(async () => {
  rig.write("p.yaml", DATA_SET);
  await rig.run();
});

test("pipe export --parquet: pictures, tags with scores and origins, in Hugging Face's layout", async () => {
  const done = await rig.pipe("export", "pack", "--parquet", "out/set");
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /^\d+ Parquet files with \d+ training and \d+ held-out images in out\/set\n$/);
  assert.equal(statSync(path("out/set")).mode & 0o777, statSync(path("out")).mode & 0o777);
  const latest = path("artifacts/latest/set/pack");
  const tags = JSON.parse(readFileSync(join(latest, "tags.json"), "utf8")) as string[];
  await withDuck(async (duck) => {
    const rows: DuckRow[] = [];
    for (const split of ["train", "holdout"]) {
      const files = readdirSync(path("out/set/data")).filter((name) => name.startsWith(split));
      for (const [i, name] of files.sort().entries()) {
        const number = (n: number) => String(n).padStart(5, "0");
        assert.equal(name, `${split}-${number(i)}-of-${number(files.length)}.parquet`);
        const found = await duck.all(
          `SELECT id, sha256(image.bytes) AS blob, image.path AS path, labels, license_name, source_url
           FROM ${parquet(path("out/set/data", name))}`,
        );
        rows.push(...found.map((row) => ({ ...row, split })));
      }
    }
    const samples = await duck.all(
      `SELECT id, split, blob, labels FROM ${parquet(join(latest, "samples.parquet"))} ORDER BY id`,
    );
    assert.equal(samples.length, 24);
    assert.deepEqual(
      rows.sort((a, b) => (String(a.id) < String(b.id) ? -1 : 1)),
      samples.map(({ id, split, blob, labels }) => ({
        id,
        blob,
        path: `${id}.png`,
        labels: (labels as { position: number; score: number }[]).map(({ position, score }) => ({
          tag: tags[position],
          score,
        })),
        license_name: "cc0-1.0",
        source_url: null,
        split,
      })),
    );
    const [metadata] = await duck.all(
      `SELECT decode(value) AS value FROM parquet_kv_metadata('${path("out/set/data/train-00000-of-00004.parquet")}')
       WHERE decode(key) = 'huggingface'`,
    );
    const { features } = JSON.parse(String(metadata?.value)).info;
    assert.deepEqual([features.image, features.labels[0].score.dtype], [{ _type: "Image" }, "float64"]);
  });
  assert.match(readFileSync(path("out/set/README.md"), "utf8"), /split: holdout\n {8}path: data\/holdout-\*/);
  assert.match(readFileSync(path("out/set/ATTRIBUTION.md"), "utf8"), /## cc0-1\.0\n\n- synthetic/);
});

test("a data set gives the same Parquet bytes twice", async () => {
  for (const name of ["one", "two"])
    assert.equal((await rig.pipe("export", "pack", "--parquet", name)).code, 0);
  const files = readdirSync(path("one/data"));
  assert.ok(files.length > 3);
  for (const name of files) {
    assert.equal(
      sha256(readFileSync(path("one/data", name))),
      sha256(readFileSync(path("two/data", name))),
      name,
    );
  }
});

test("pipe export --pickle: a file of keras-distillation for each picture, and its index of tags", async () => {
  const done = await rig.pipe("export", "set/pack", "--pickle", "seed");
  assert.equal(done.code, 0, done.stderr);
  const tags = JSON.parse(readFileSync(path("artifacts/latest/set/pack/tags.json"), "utf8")) as string[];
  assert.deepEqual(
    JSON.parse(readFileSync(path("seed/tag_index.json"), "utf8")),
    Object.fromEntries(tags.map((tag, position) => [tag, position])),
  );
  const blobs = new BlobReader(path("artifacts"));
  await withDuck(async (duck) => {
    const table = parquet(path("artifacts/latest/set/pack/samples.parquet"));
    for (const { id, split, blob, labels } of await duck.all(`SELECT * FROM ${table}`)) {
      const file = path("seed", split === "train" ? "dataset" : "holdout", `${id}.pkl`);
      assert.deepEqual([...readFileSync(file).subarray(0, 2)], [0x1f, 0x8b], "gzip");
      const [image] = await readSeedFile(file);
      const pixels = await sharp(await blobs.read(String(blob)))
        .raw()
        .toBuffer();
      assert.deepEqual([image?.width, image?.height], [20, 16]);
      assert.ok(pixels.equals(image!.pixels), `pixels of ${id}`);
      const scores = new Float64Array(tags.length);
      for (const { position, score } of labels as { position: number; score: number }[])
        scores[position] = score;
      assert.deepEqual(image?.scores, scores);
    }
  });
  blobs.close();
});

test("what cannot be exported is said, and nothing is left behind", async () => {
  rig.write("full/file", "something");
  const cases = [
    [["pack", "--parquet", "full"], 2, /full is there already/],
    [["pack", "--pickle", "full/file"], 2, /full\/file is there already/],
    [["nothing", "--pickle", "full/file/in"], 2, /full\/file is a file/],
    [["pack"], 2, /--parquet/],
    [["resize", "--parquet", "x"], 2, /newest result of resize is no data set/],
    [["pakc", "--parquet", "x"], 2, /no data set pakc\n {2}hint: did you mean pack\?/],
  ] as const;
  for (const [args, code, says] of cases) {
    const done = await rig.pipe("export", ...args);
    assert.equal(done.code, code, done.stderr);
    assert.match(done.stderr, says);
  }
  assert.deepEqual(readdirSync(path("full")), ["file"]);
  assert.ok(!existsSync(path("x")));
  assert.deepEqual(
    readdirSync(rig.folder).filter((name) => name.startsWith(".x") || name.startsWith(".full")),
    [],
  );
});
