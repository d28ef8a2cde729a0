import { sharp } from "../../core/sharp.js";

/** A picture as a data URI, and whether it is so small that its pixels may show. */
export interface Picture {
  readonly uri: string;
  readonly small: boolean;
}

/** Pictures up to `asIsBytes` stand in a report as they are; larger ones are made to fit a square of `side` pixels. */
interface Limits {
  readonly asIsBytes: number;
  readonly side: number;
}

const LIMITS: Limits = { asIsBytes: 48 * 1024, side: 192 };
/** Up to this side a picture is shown with hard pixels: it is smaller than its place on the page. */
const SMALL_SIDE = 64;
const MAX_PIXELS = 50_000_000;

const TYPES: Readonly<Record<string, string>> = { jpeg: "image/jpeg", png: "image/png" };

/** A picture's bytes as a data URI of bounded size; undefined for bytes that are no picture. */
export async function thumbnail(bytes: Buffer, limits: Limits = LIMITS): Promise<Picture | undefined> {
  try {
    const image = sharp(bytes, { limitInputPixels: MAX_PIXELS });
    const { format, width, height } = await image.metadata();
    const small = Math.max(width, height) <= SMALL_SIDE;
    const type = TYPES[format];
    if (type !== undefined && bytes.length <= limits.asIsBytes) return { uri: dataUri(type, bytes), small };
    const resized = image.resize(limits.side, limits.side, { fit: "inside", withoutEnlargement: true });
    return { uri: dataUri("image/jpeg", await resized.jpeg({ quality: 82 }).toBuffer()), small };
  } catch {
    return undefined;
  }
}

function dataUri(type: string, bytes: Buffer): string {
  return `data:${type};base64,${bytes.toString("base64")}`;
}
