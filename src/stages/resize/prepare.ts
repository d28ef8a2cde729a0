import type { JsonObject } from "../../core/json.js";
import type { Size } from "../../student/network.js";

/**
 * Turns a picture's bytes into RGB bytes of the student's size, resized as the pipeline did that made the model; where
 * that is not known, as the flagship pipeline does.
 *
 * @param maxPixels pictures of more are refused
 */
export async function preparer(
  resize: JsonObject | undefined,
  size: Size,
  maxPixels = 268_402_689,
): Promise<(bytes: Buffer) => Promise<Uint8Array>> {
  const { resizePicture } = await import("./resize.js");
  const { decodePixels } = await import("../../student/pixels.js");
  type Params = Parameters<typeof resizePicture>[1];
  const params: Params = {
    fit: "pad-top-left",
    only_if_bigger: false,
    format: "png",
    quality: 95,
    background: "#000000",
    kernel: "lanczos3",
    ...(resize as Partial<Params> | undefined),
    size,
    max_pixels: maxPixels,
  };
  return async (bytes) => decodePixels((await resizePicture(bytes, params)).bytes, size);
}
