import type { Kind } from "../../contract/kind.js";

export const kind: Kind = {
  name: "resize",
  version: 1,
  summary: "Brings pictures to one size, upright, in 8-bit sRGB",
  inputs: { images: { holds: "images", summary: "pictures of any size" } },
  outputs: [
    {
      name: "images",
      holds: "images",
      summary: "one row a picture: its new bytes, content area and perceptual hash",
    },
    { name: "failures", holds: "failures", summary: "pictures that could not be decoded, and why" },
  ],
  item: {
    port: "images",
    columns: [
      { name: "blob", type: "VARCHAR", blob: true },
      { name: "bytes", type: "BIGINT" },
      { name: "format", type: "VARCHAR" },
      { name: "width", type: "BIGINT" },
      { name: "height", type: "BIGINT" },
      { name: "dhash", type: "VARCHAR" },
      { name: "content_left", type: "BIGINT" },
      { name: "content_top", type: "BIGINT" },
      { name: "content_width", type: "BIGINT" },
      { name: "content_height", type: "BIGINT" },
    ],
    carry: "all",
  },
  impl: () => ["sharp"],
  module: new URL("./run.js", import.meta.url).href,
};
