import type { Params } from "../../../src/stages/resize/schema.js";

/** Params of a resize to 64 pixels, as the schema's defaults make them; PNG, so that pixels come out as they are. */
export const DEFAULTS: Params = {
  size: 64,
  fit: "pad-top-left",
  only_if_bigger: false,
  format: "png",
  quality: 95,
  background: "#000000",
  kernel: "lanczos3",
  max_pixels: 268_402_689,
};
