import type { Kind, Lister } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";
import { FAILURE_HINTS } from "../../core/net/web-error.js";
import { filterRules } from "./filters.js";
import { refreshAfter } from "./refresh.js";
import { byRights } from "./rights.js";
import type { Filters, Params } from "./schema.js";
import type { Source } from "./source.js";
import { sourceNamed } from "./sources.js";

function paramsOf(params: JsonObject): JsonObject {
  return params.source as JsonObject;
}

function sourceOf(params: JsonObject): Source {
  return sourceNamed(String(paramsOf(params).type));
}

export const kind: Kind = {
  name: "crawl",
  version: 3,
  summary: "Gathers pictures from a source",
  inputs: {},
  outputs: [
    { name: "images", holds: "images", summary: "one row a picture, with its identity and rights" },
    { name: "failures", holds: "failures", summary: "items that could not be had, and why" },
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
      { name: "attempts", type: "BIGINT", place: "failures" },
      { name: "etag", type: "VARCHAR", place: "cache" },
      { name: "last_modified", type: "VARCHAR", place: "cache" },
    ],
    carry: "all",
    rules: (params) => filterRules(params.filters as Filters | undefined),
    hints: FAILURE_HINTS,
    maxFailures: (params) => paramsOf(params).max_failures as number | undefined,
    // One process holds all connections: only so can it keep to what each host allows.
    hosts: (params) => (sourceOf(params).fetches ? 1 : undefined),
  },
  impl: (params) => sourceOf(params).impl,
  list: async (): Promise<Lister> => {
    return async (context) => {
      const list = await sourceOf(context.with).list();
      return byRights(await list(context), (context.with as Params).rights);
    };
  },
  listedAtPlan: (params) => sourceOf(params).listedAtPlan,
  listedColumns: (params) => sourceOf(params).columns?.(paramsOf(params)) ?? [],
  refreshAfter: (params) => refreshAfter(paramsOf(params).refresh),
  identity: async (context) => sourceOf(context.with).identity?.(paramsOf(context.with), context),
  needs: (params) => sourceOf(params).needs?.(paramsOf(params)),
  module: new URL("./run.js", import.meta.url).href,
  loads: (params) => [sourceOf(params).worker],
};
