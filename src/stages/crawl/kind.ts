import type { Kind, Lister } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";
import type { Source } from "./source.js";
import { sourceNamed } from "./sources.js";

function sourceOf(params: JsonObject): Source {
  return sourceNamed(String((params.source as JsonObject).type));
}

export const kind: Kind = {
  name: "crawl",
  version: 1,
  summary: "Gathers pictures from a source",
  inputs: {},
  outputs: [
    { name: "images", summary: "one row a picture, with its identity and rights" },
    { name: "failures", summary: "items that could not be had, and why" },
  ],
  item: {
    columns: [
      { name: "blob", type: "VARCHAR", blob: true },
      { name: "bytes", type: "BIGINT" },
      { name: "format", type: "VARCHAR" },
      { name: "width", type: "BIGINT" },
      { name: "height", type: "BIGINT" },
    ],
    carry: "all",
  },
  impl: (params) => sourceOf(params).impl,
  list: async (): Promise<Lister> => {
    return async function* (context) {
      const list = await sourceOf(context.with).list();
      yield* list(context);
    };
  },
  listedAtPlan: (params) => sourceOf(params).listedAtPlan,
  module: new URL("./run.js", import.meta.url).href,
};
