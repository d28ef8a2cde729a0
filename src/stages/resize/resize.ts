import type { Sharp } from "sharp";
import { sharp } from "../../core/sharp.js";
import { areaResize } from "./area.js";
import { differenceHash } from "./dhash.js";
import { isBigger, type Mode, modeOf, type Size, scaledSize, targetOf } from "./modes.js";
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

interface Pixels extends Size {
  /** RGB, 8-bit, interleaved. */
  readonly data: Buffer;
}

/**
 * Decodes a picture once (its first frame), turns it upright by EXIF, converts it from its own colours (ICC) to 8-bit sRGB
 * without alpha, scales it, hashes the content and encodes it without metadata, so that equal pixels give equal bytes.
 *
 * @throws sharp's error for bytes that are no picture, break off, or hold more than `max_pixels`
 */
export async function resizePicture(bytes: Buffer, params: Params): Promise<Resized> {
  const { data, width, height, filled } = await scaled(bytes, params);
  const content = { width, height };
  const size = filled ? targetOf(params) : content;
  const spare = { x: size.width - width, y: size.height - height };
  const centred = modeOf(params).fill === "centre";
  const left = centred ? Math.floor(spare.x / 2) : 0;
  const top = centred ? Math.floor(spare.y / 2) : 0;
  const picture = sharp(data, { raw: { ...content, channels: 3 } }).extend({
    left,
    top,
    right: spare.x - left,
    bottom: spare.y - top,
    background: params.background,
  });
  return {
    bytes: await encode(picture, params),
    ...size,
    dhash: differenceHash(data, width, height),
    content: { left, top, ...content },
  };
}

/** The picture's pixels, scaled and cut; `filled` tells whether what is missing to the full size is to be filled. */
async function scaled(bytes: Buffer, params: Params): Promise<Pixels & { readonly filled: boolean }> {
  const [mode, target] = [modeOf(params), targetOf(params)];
  const open = () =>
    sharp(bytes, { failOn: "error", limitInputPixels: params.max_pixels, autoOrient: true }).flatten({
      background: params.background,
    });
  const filled = mode.fill !== undefined;
  if (mode.scale === undefined) return { ...(await decode(open())), filled };
  // Of most pictures the header is read once, by the decoder itself.
  if (params.only_if_bigger || params.kernel === "area") {
    const { autoOrient: picture } = await open().metadata();
    if (params.only_if_bigger && !isBigger(picture, mode, target)) {
      return { ...(await decode(open())), filled: filled && !mode.leaves };
    }
    const to = scaledSize(picture, mode, target);
    if (params.kernel === "area" && to.width <= picture.width && to.height <= picture.height) {
      const shrunk = { data: areaResize((await decode(open())).data, picture, to), ...to };
      return { ...(await cut(shrunk, mode, target)), filled };
    }
  }
  const kernel = params.kernel === "area" ? "lanczos3" : params.kernel;
  return { ...(await decode(open().resize({ ...target, fit: mode.scale, kernel }))), filled };
}

async function decode(picture: Sharp): Promise<Pixels> {
  const { data, info } = await picture.toColourspace("srgb").raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height };
}

/** What stands out beyond the target, cut off evenly. */
async function cut(pixels: Pixels, mode: Mode, target: Size): Promise<Pixels> {
  if (mode.scale !== "cover") return pixels;
  const { data, width, height } = pixels;
  const left = Math.floor((width - target.width) / 2);
  const top = Math.floor((height - target.height) / 2);
  const picture = sharp(data, { raw: { width, height, channels: 3 } }).extract({ left, top, ...target });
  return { data: await picture.raw().toBuffer(), ...target };
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
