import type { Size } from "../../student/network.js";
import type { ModelSource } from "../predict-model.js";

/**
 * Turns a picture's bytes into RGB bytes of the student's size, resized as the pipeline did that made the model; where
 * that is not known, as the flagship pipeline does.
 */
export async function preparer(
  source: Pick<ModelSource, "resize">,
  size: Size,
): Promise<(bytes: Buffer) => Promise<Uint8Array>> {
  const { resizePicture } = await import("../../stages/resize/resize.js");
  const { decodePixels } = await import("../../student/pixels.js");
  type Params = Parameters<typeof resizePicture>[1];
  const params: Params = {
    fit: "pad-top-left",
    format: "png",
    quality: 95,
    background: "#000000",
    kernel: "lanczos3",
    max_pixels: 268_402_689,
    ...(source.resize as Partial<Params> | undefined),
    size,
  };
  return async (bytes) => decodePixels((await resizePicture(bytes, params)).bytes, size);
}
