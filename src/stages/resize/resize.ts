import type { FitEnum, Sharp } from "sharp";
import { sharp } from "../../core/sharp.js";
import { differenceHash } from "./dhash.js";
import type { Params } from "./schema.js";

export interface Resized {
  readonly bytes: Buffer;
  readonly width: number;
  readonly height: number;
  readonly dhash: string;
  /** What is no padding, in output pixels. */
  readonly content: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
}

/** How sharp scales the content; what padding there is comes after. */
const SCALE: Readonly<Record<Params["fit"], keyof FitEnum>> = {
  "pad-top-left": "inside",
  "pad-center": "inside",
  contain: "inside",
  cover: "cover",
  stretch: "fill",
};

/**
 * Decodes a picture once (its first frame), turns it upright by EXIF, converts it to 8-bit sRGB without alpha, scales
 * it, hashes the content and encodes it without metadata, so that equal pixels give equal bytes.
 *
 * @throws sharp's error for bytes that are no picture, break off, or hold more than `max_pixels`
 */
export async function resizePicture(bytes: Buffer, params: Params): Promise<Resized> {
  const { width, height } =
    typeof params.size === "number" ? { width: params.size, height: params.size } : params.size;
  const scaled = await sharp(bytes, {
    failOn: "error",
    limitInputPixels: params.max_pixels,
    autoOrient: true,
  })
    .flatten({ background: params.background })
    .resize({ width, height, fit: SCALE[params.fit], kernel: params.kernel })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const content = { width: scaled.info.width, height: scaled.info.height };
  const size = params.fit === "contain" ? content : { width, height };
  const spare = { x: size.width - content.width, y: size.height - content.height };
  const centred = params.fit === "pad-center";
  const left = centred ? Math.floor(spare.x / 2) : 0;
  const top = centred ? Math.floor(spare.y / 2) : 0;
  const picture = sharp(scaled.data, { raw: { ...content, channels: 3 } }).extend({
    left,
    top,
    right: spare.x - left,
    bottom: spare.y - top,
    background: params.background,
  });
  return {
    bytes: await encode(picture, params),
    ...size,
    dhash: differenceHash(scaled.data, content.width, content.height),
    content: { left, top, ...content },
  };
}

function encode(picture: Sharp, { format, quality }: Params): Promise<Buffer> {
  switch (format) {
    case "jpg":
      // Full chroma: at training sizes a 2 × 2 block of colour is a visible part of the picture.
      return picture.jpeg({ quality, chromaSubsampling: "4:4:4" }).toBuffer();
    case "png":
      return picture.png().toBuffer();
    case "webp":
      return picture.webp({ quality }).toBuffer();
  }
}
