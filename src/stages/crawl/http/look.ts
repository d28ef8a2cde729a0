import { WebError } from "../../../core/net/web-error.js";
import { sharp } from "../../../core/sharp.js";
import { readHeader } from "../header.js";

export interface Picture {
  readonly format: string;
  readonly width: number;
  readonly height: number;
}

/**
 * Looks at fetched bytes: that they are a picture of a format that is taken, not too large, and whole. Decodes all of its
 * pixels, but those of no more than `maxPixels`.
 *
 * @throws WebError
 */
export async function lookAt(bytes: Buffer, maxPixels: number): Promise<Picture> {
  const header = readHeader(bytes);
  if (!header.ok) throw new WebError(header.class, header.detail);
  const { format, width, height } = header;
  if (width * height > maxPixels) {
    throw new WebError("too-many-pixels", `${width}x${height} are more than ${maxPixels} pixels`);
  }
  try {
    // A small result keeps little in memory and has to read all of the file all the same.
    const decoded = sharp(bytes, { failOn: "truncated", limitInputPixels: maxPixels });
    await decoded
      .resize(16, 16, { fit: "fill", kernel: "nearest", fastShrinkOnLoad: false })
      .raw()
      .toBuffer();
  } catch (error) {
    const [words = ""] = (error as Error).message.split("\n");
    // What this build of libvips cannot read at all is judged by those who can.
    if (!/unsupported image format/i.test(words)) throw new WebError("broken-image", words);
  }
  return { format, width, height };
}
