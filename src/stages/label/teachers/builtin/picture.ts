import { sharp } from "../../../../core/sharp.js";
import { labOf } from "./lab.js";

/** A picture's content, padding cut off, in CIELAB planes of width × height values, row by row. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  /** 8-bit sRGB, interleaved. */
  readonly rgb: Uint8Array;
  /** Lightness, 0 to 100. */
  readonly l: Float32Array;
  /** Green to red. */
  readonly a: Float32Array;
  /** Blue to yellow. */
  readonly b: Float32Array;
}

/** Part of a picture in its pixels. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Texture, edges and blur mean nothing without a scale: pictures are measured at this many pixels on the long side,
 * so that a picture has the same tags whether it was resized to 64 or to 224.
 */
const WORKING_SIDE = 64;

/**
 * Decodes a picture, or an area of it, brings it to the working side (never up) and converts it to CIELAB.
 *
 * @throws sharp's error for bytes that are no picture, or an area outside it
 */
export async function readPicture(bytes: Buffer, area?: Area): Promise<Picture> {
  const decoded = sharp(bytes);
  const { data, info } = await (area ? decoded.extract(area) : decoded)
    .resize({ width: WORKING_SIDE, height: WORKING_SIDE, fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true });
  return pictureOf(data, info.width, info.height);
}

/** @param rgb 8-bit sRGB, interleaved, width × height × 3 */
export function pictureOf(rgb: Uint8Array, width: number, height: number): Picture {
  const size = width * height;
  const picture = {
    width,
    height,
    rgb,
    l: new Float32Array(size),
    a: new Float32Array(size),
    b: new Float32Array(size),
  };
  for (let i = 0; i < size; i++) {
    const [l, a, b] = labOf(rgb[3 * i]!, rgb[3 * i + 1]!, rgb[3 * i + 2]!);
    picture.l[i] = l;
    picture.a[i] = a;
    picture.b[i] = b;
  }
  return picture;
}
