import { sharp } from "../../../../core/sharp.js";

/** Bytes of JSON that Vision takes in one request (cloud.google.com/vision/quotas), less what is not pictures. */
const MOST_JSON = 10_000_000 - 16 * 1024;
/** Vision takes no more pixels (cloud.google.com/vision/docs/best-practices). */
const MOST_PIXELS = 75_000_000;
/** JSON around a picture. */
const AROUND = 512;

/** What a picture that is too large for a request is made into. 640 × 480 is enough for labels. */
const SIDE = 2048;
const QUALITY = 90;

/** Beginnings of the formats that Vision reads and resize writes, or crawl may bring: JPEG, PNG, GIF, BMP, TIFF. */
const FORMATS = ["ffd8ff", "89504e470d0a1a0a", "47494638", "424d", "49492a00", "4d4d002a"];

/**
 * A picture in base64; in a format that Vision does not read, or too large for a request, made into a smaller JPEG.
 *
 * @throws Error for bytes that are no picture
 */
export async function sendable(bytes: Buffer): Promise<string> {
  const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
  const fits = jsonBytes(bytes.length) <= MOST_JSON && width * height <= MOST_PIXELS;
  if (fits && isReadable(bytes)) return bytes.toString("base64");
  const smaller = await sharp(bytes)
    .rotate()
    .resize({ width: SIDE, height: SIDE, fit: "inside", withoutEnlargement: true })
    .flatten({ background: "#ffffff" })
    .jpeg({ quality: QUALITY })
    .toBuffer();
  return smaller.toString("base64");
}

function isReadable(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 12);
  const isWebp = start.toString("latin1", 0, 4) === "RIFF" && start.toString("latin1", 8, 12) === "WEBP";
  return isWebp || FORMATS.some((format) => start.toString("hex").startsWith(format));
}

function jsonBytes(bytes: number): number {
  return 4 * Math.ceil(bytes / 3) + AROUND;
}

/** Cuts pictures, in their order, into requests of at most `most` that Vision takes as a whole. */
export function requestsOf<T extends { readonly content: string }>(
  pictures: readonly T[],
  most: number,
): T[][] {
  const requests: T[][] = [];
  let size = 0;
  for (const picture of pictures) {
    const own = picture.content.length + AROUND;
    const last = requests.at(-1);
    if (last && last.length < most && size + own <= MOST_JSON) {
      last.push(picture);
      size += own;
    } else {
      requests.push([picture]);
      size = own;
    }
  }
  return requests;
}
