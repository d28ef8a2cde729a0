import type { Kind, Lister } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";
import { byRights } from "./rights.js";
import type { Params } from "./schema.js";
import type { Source } from "./source.js";
import { sourceNamed } from "./sources.js";

function sourceOf(params: JsonObject): Source {
  return sourceNamed(String((params.source as JsonObject).type));
}

export const kind: Kind = {
  name: "crawl",
  version: 2,
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
      // Which ways of saying no were looked at before the picture was taken: "robots.txt, x-robots-tag, tdmrep".
      { name: "opt_outs", type: "VARCHAR" },
    ],
    carry: "all",
  },
  impl: (params) => sourceOf(params).impl,
  list: async (): Promise<Lister> => {
    return async function* (context) {
      const list = await sourceOf(context.with).list();
      yield* byRights(list(context), (context.with as Params).rights);
    };
  },
  listedAtPlan: (params) => sourceOf(params).listedAtPlan,
  module: new URL("./run.js", import.meta.url).href,
};
