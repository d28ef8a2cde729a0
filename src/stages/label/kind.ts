import type { Kind } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";
import type { Teacher } from "./teacher.js";
import { teacherNamed } from "./teachers.js";

function teacherOf(params: JsonObject): Teacher {
  return teacherNamed(String((params.teacher as JsonObject).type));
}

export const kind: Kind = {
  name: "label",
  version: 2,
  summary: "Has a teacher score tags for each picture",
  inputs: {
    images: { holds: "images", summary: "pictures, as resize gives them" },
    teacher: { holds: "model", summary: "the model that labels, for teacher `student`", optional: true },
  },
  outputs: [
    { name: "labels", holds: "labels", summary: "one row a picture: its tags with scores" },
    { name: "failures", holds: "failures", summary: "pictures the teacher could not label, and why" },
  ],
  item: {
    port: "images",
    // A teacher may look at the picture without its padding.
    reads: ["content_left", "content_top", "content_width", "content_height"],
    columns: [
      { name: "labels", type: "STRUCT(tag VARCHAR, score DOUBLE)[]" },
      // What the teacher says of each label beside its score, in the order of the labels; NULL where it says no more.
      { name: "details", type: "STRUCT(tag VARCHAR, mid VARCHAR, topicality DOUBLE)[]" },
      // Likelihoods by Google's names (VERY_UNLIKELY … VERY_LIKELY); NULL where they were not asked for.
      {
        name: "safe_search",
        type: "STRUCT(adult VARCHAR, spoof VARCHAR, medical VARCHAR, violence VARCHAR, racy VARCHAR)",
      },
      { name: "raw", type: "VARCHAR", blob: true },
    ],
    carry: ["id"],
    hosts: (params) => (teacherOf(params).single ? 1 : undefined),
    paid: (params) => teacherOf(params).paid?.(params.teacher as JsonObject),
  },
  impl: (params) => teacherOf(params).impl,
  identity: async (context) =>
    teacherOf(context.with).identity?.(context.with.teacher as JsonObject, context),
  environment: (params) => teacherOf(params).environment?.(params.teacher as JsonObject) ?? [],
  needs: (params) => teacherOf(params).needs?.(params.teacher as JsonObject),
  module: new URL("./run.js", import.meta.url).href,
  loads: (params) => [teacherOf(params).session],
};
