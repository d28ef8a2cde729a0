import { imageSize } from "image-size";

export type Header =
  | {
      readonly ok: true;
      /** jpg, png, webp, gif, tiff, heif, avif or bmp. */
      readonly format: string;
      /** Pixels as stored, before any EXIF rotation. */
      readonly width: number;
      readonly height: number;
    }
  | { readonly ok: false; readonly class: Refusal; readonly detail: string };

type Refusal = "unreadable-image" | "refused-format" | "svg" | "pdf" | "html";

const FORMATS = ["jpg", "png", "webp", "gif", "tiff", "heif", "avif", "bmp"];

/**
 * What a picture's first bytes say. Formats that are programs rather than pixels (SVG, PDF), or that nobody's camera
 * writes, are refused.
 */
export function readHeader(bytes: Uint8Array): Header {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 512)).toString("latin1");
  if (head.startsWith("%PDF-")) return { ok: false, class: "pdf", detail: "pdf is not taken" };
  if (/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)\b/i.test(head)) {
    return { ok: false, class: "html", detail: "it is a page, no picture" };
  }
  if (bytes.length === 0) return { ok: false, class: "unreadable-image", detail: "the file is empty" };
  try {
    const { width, height, type = "unknown" } = imageSize(bytes);
    if (!FORMATS.includes(type)) {
      return { ok: false, class: type === "svg" ? "svg" : "refused-format", detail: `${type} is not taken` };
    }
    if (width > 0 && height > 0) return { ok: true, format: type, width, height };
    return { ok: false, class: "unreadable-image", detail: `it says it is ${width}x${height} pixels` };
  } catch (error) {
    const { message } = error as Error;
    // image-size's words for one that tells no size.
    if (message === "Invalid SVG") return { ok: false, class: "svg", detail: "svg is not taken" };
    // image-size's words for bytes that are like no format it knows.
    const unknown = message === "unsupported file type: undefined";
    return { ok: false, class: "unreadable-image", detail: unknown ? "it is no picture" : message };
  }
}
