import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { PhotoRig } from "../e2e/rig.js";
import { peers, runPython } from "../rigs/python.js";

/** 30 images of 16 pixels, a share held out, in several shards. */
const DATA_SET = `version: 1
name: set
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 30, seed: 5 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: { width: 20, height: 16 }, format: png } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  index: { uses: index, inputs: { labels: label }, with: { top: 12, min_count: 1 } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index }, with: { holdout: { share: 0.3 }, samples_per_shard: 8 } }
`;

/** Reads one data set in three forms, each with the program it is meant for, and says where they differ. */
const READ = `
import sys, json, glob, io, gzip, pickle
import numpy as np, pyarrow.parquet as pq, webdataset as wds
from PIL import Image
folder = json.load(sys.stdin)
pack = f"{folder}/artifacts/latest/set/pack"
tags = json.load(open(f"{pack}/tags.json"))
samples = {row["id"]: row for row in pq.read_table(f"{pack}/samples.parquet").to_pylist()}
index = json.load(open(f"{folder}/seed/tag_index.json"))
assert [tag for tag, _ in sorted(index.items(), key=lambda item: item[1])] == tags

seen = {"webdataset": 0, "parquet": 0, "pickle": 0}
pixels = {}
for split in ("train", "holdout"):
    shards = sorted(glob.glob(f"{pack}/shards/{split}-*.tar"))
    for sample in wds.WebDataset(shards, shardshuffle=False, empty_check=False).decode("rgb8"):
        about = sample["json"]
        expected = samples[about["id"]]
        assert expected["split"] == split
        assert about["labels"] == [[label["position"], label["score"]] for label in expected["labels"]]
        pixels[about["id"]] = sample["png"]
        assert sample["png"].shape == (16, 20, 3)
        seen["webdataset"] += 1

for row in pq.ParquetDataset(f"{folder}/parquet/data").read().to_pylist():
    picture = np.asarray(Image.open(io.BytesIO(row["image"]["bytes"])))
    assert (picture == pixels[row["id"]]).all()
    assert row["image"]["path"] == row["id"] + ".png"
    assert [(label["tag"], label["score"]) for label in row["labels"]] == [
        (tags[label["position"]], label["score"]) for label in samples[row["id"]]["labels"]]
    seen["parquet"] += 1

for split, place in (("train", "dataset"), ("holdout", "holdout")):
    for name in glob.glob(f"{folder}/seed/{place}/*.pkl"):
        X, y = pickle.loads(gzip.decompress(open(name, "rb").read()))
        key = name.split("/")[-1][:-4]
        assert samples[key]["split"] == split
        assert X.dtype == np.float32 and y.dtype == np.float64
        assert (X == pixels[key].astype(np.float32) / 255).all()
        expected = np.zeros(len(tags))
        for label in samples[key]["labels"]: expected[label["position"]] = label["score"]
        assert (y == expected).all()
        # As distillation.py stacks them.
        np.array([X], dtype=np.float32), np.array([y], dtype=np.float32)
        seen["pickle"] += 1

try:
    import datasets
    loaded = datasets.load_dataset(f"{folder}/parquet", cache_dir=f"{folder}/cache")
    seen["datasets"] = {split: len(rows) for split, rows in loaded.items()}
    row = loaded["train"][0]
    assert (np.asarray(row["image"]) == pixels[row["id"]]).all()
except ImportError:
    seen["datasets"] = None
print(json.dumps({**seen, "splits": {split: sum(s["split"] == split for s in samples.values()) for split in ("train", "holdout")}}))
`;

const { skip, ...found } = peers();

test("webdataset, pyarrow, datasets and pickle read what we write", { skip }, async (t) => {
  assert.ok("python" in found);
  const rig = new PhotoRig();
  rig.write("p.yaml", DATA_SET);
  await rig.run();
  for (const [form, folder] of [
    ["--parquet", "parquet"],
    ["--pickle", "seed"],
  ] as const) {
    const done = await rig.pipe("export", "pack", form, join(rig.folder, folder));
    assert.equal(done.code, 0, done.stderr);
  }
  const { datasets, splits, ...seen } = runPython(found.python, READ, rig.folder) as {
    datasets: Record<string, number> | null;
    splits: Record<string, number>;
  };
  assert.deepEqual(seen, { webdataset: 30, parquet: 30, pickle: 30 });
  if (datasets === null) t.diagnostic("the package datasets is not installed: not tried");
  else assert.deepEqual(datasets, splits);
});
