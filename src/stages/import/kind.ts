import type { Kind } from "../../contract/kind.js";

/** Takes over an old data set, so that it trains and is measured as one that pack made. */
export const kind: Kind = {
  name: "import",
  version: 1,
  summary: "Takes over keras-distillation's data files as a data set, split into train and holdout",
  inputs: {},
  outputs: [
    {
      name: "dataset",
      holds: "dataset",
      summary: "as pack gives it; its pictures stand in the shards alone",
    },
    { name: "failures", holds: "failures", summary: "files and pictures that could not be taken, and why" },
  ],
  impl: () => ["sharp"],
  module: new URL("./run.js", import.meta.url).href,
  identity: async (context) => (await import("./files.js")).identityOf(context),
};
