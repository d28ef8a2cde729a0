import { sharp } from "../core/sharp.js";
import type { Size } from "./network.js";

/**
 * Decodes a picture that has the network's size to RGB bytes, [height, width, 3].
 *
 * @throws Error for bytes that are no picture, or one of another size.
 */
export async function decodePixels(bytes: Uint8Array, size: Size): Promise<Uint8Array> {
  const { data, info } = await sharp(bytes, { limitInputPixels: size.width * size.height })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  if (info.width !== size.width || info.height !== size.height || info.channels !== 3) {
    throw new Error(
      `${info.width} × ${info.height} × ${info.channels} instead of ${size.width} × ${size.height} × 3`,
    );
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.length);
}
