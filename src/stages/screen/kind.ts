import type { Kind } from "../../contract/kind.js";

/** Drops what would ruin a training: constant tags, collapsed tag sets, duplicates, images that say too little. */
export const kind: Kind = {
  name: "screen",
  version: 1,
  summary: "Drops constant tags, collapsed tag sets, duplicates and images with too few tags",
  inputs: {
    images: {
      holds: "images",
      summary: "images table; near duplicates need its `dhash` column, which resize adds",
    },
    labels: { holds: "labels", summary: "labels table" },
  },
  outputs: [
    { name: "labels", holds: "labels", summary: "labels.parquet of the images that stay, with `group_id`" },
    {
      name: "report",
      holds: "report",
      summary: "report.html and dropped.parquet: what went, under which rule, and why",
    },
  ],
  module: new URL("./run.js", import.meta.url).href,
};
