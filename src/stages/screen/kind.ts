import type { Kind } from "../../contract/kind.js";

/** Drops what would ruin a training: constant tags, collapsed tag sets, duplicates, images that say too little or too much. */
export const kind: Kind = {
  name: "screen",
  version: 2,
  summary:
    "Drops unsafe images, duplicates, constant tags, collapsed tag sets, images with too few or too many tags",
  inputs: {
    images: {
      holds: "images",
      summary: "images table; near duplicates need its `dhash` column, which resize adds",
    },
    labels: { holds: "labels", summary: "labels table" },
    predictions: {
      holds: "report",
      summary:
        "the report of an eval stage: what a student says of images that it never saw, to judge their labels",
      optional: true,
    },
  },
  outputs: [
    { name: "labels", holds: "labels", summary: "labels.parquet of the images that stay, with `group_id`" },
    {
      name: "report",
      holds: "report",
      summary: "report.html and dropped.parquet: what went, under which rule, and why; label_quality.parquet",
    },
  ],
  impl: () => ["sharp"],
  module: new URL("./run.js", import.meta.url).href,
};
