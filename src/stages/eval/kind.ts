import type { Kind } from "../../contract/kind.js";

/** Measures a student against its teacher on the held-out split, beside a baseline, and writes the report. */
export const kind: Kind = {
  name: "eval",
  version: 2,
  summary: "Measures the student on the held-out split, beside a baseline, and writes an HTML report",
  inputs: {
    model: { holds: "model", summary: "the student that train made" },
    data: { holds: "dataset", summary: "the data set that pack made; its `holdout` split is measured" },
    images: {
      holds: "images",
      summary:
        "images table with `source_url`: the report then names pictures by it, and not by their ids alone",
      optional: true,
    },
  },
  outputs: [
    {
      name: "report",
      holds: "report",
      summary: "report.html, metrics.json, tags.parquet (each tag) and predictions.parquet",
    },
  ],
  impl: () => ["engine", "sharp"],
  cpus: 1,
  module: new URL("./run.js", import.meta.url).href,
};
