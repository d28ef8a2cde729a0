import { resolve } from "node:path";
import type { Kind } from "../../contract/kind.js";

/** Decides which tag stands at which output unit of the network. */
export const kind: Kind = {
  name: "index",
  version: 2,
  summary: "Chooses the tags to learn: the most frequent, or a list of your own",
  inputs: { labels: { holds: "labels", summary: "labels table" } },
  outputs: [{ name: "index", holds: "index", summary: "index.parquet: tag, position (output unit), count" }],
  module: new URL("./run.js", import.meta.url).href,
  async identity({ with: params, base, hashFile }) {
    return typeof params.tags_file === "string"
      ? { tags_file: await hashFile(resolve(base, params.tags_file)) }
      : null;
  },
};
