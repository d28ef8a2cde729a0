import type { Kind } from "../../contract/kind.js";

/** Joins pictures and soft targets into a data set of WebDataset shards, split into train and holdout. */
export const kind: Kind = {
  name: "pack",
  version: 2,
  summary: "Packs images and their soft targets into WebDataset shards, split into train and holdout",
  inputs: {
    images: { holds: "images", summary: "images table, all of one size" },
    labels: {
      holds: "labels",
      summary: "labels table; its `group_id` column keeps near duplicates on one side of the split",
    },
    index: { holds: "index", summary: "index table: the tags and their output units" },
  },
  outputs: [
    { name: "dataset", holds: "dataset", summary: "shards/*.tar, samples.parquet, tags.json, dataset.json" },
  ],
  module: new URL("./run.js", import.meta.url).href,
};
