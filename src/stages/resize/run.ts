import type { BaseContext, Item, ItemModule, ItemOutcome } from "../../contract/stage.js";
import { sharp } from "../../core/sharp.js";
import { resizePicture } from "./resize.js";
import type { Params } from "./schema.js";

export const items: ItemModule = {
  async open(context) {
    // One thread a picture and many pictures at once beats many threads a picture.
    sharp.concurrency(1);
    sharp.cache(false);
    const params = context.with as Params;
    return {
      concurrency: context.cpus * 2,
      process: (batch) => Promise.all(batch.map((item) => resizeItem(context, params, item))),
    };
  },
};

async function resizeItem(context: BaseContext, params: Params, item: Item): Promise<ItemOutcome> {
  const original = await context.blob(item.input);
  if (isDocument(original)) return setAside("refused-format", "drawings and documents are not taken");
  try {
    const { bytes, width, height, dhash, content } = await resizePicture(original, params);
    return {
      ok: true,
      columns: {
        bytes: bytes.length,
        format: params.format,
        width,
        height,
        dhash,
        content_left: content.left,
        content_top: content.top,
        content_width: content.width,
        content_height: content.height,
      },
      blobs: { blob: bytes },
    };
  } catch (error) {
    const detail = (error as Error).message;
    return setAside(/exceeds pixel limit/i.test(detail) ? "too-many-pixels" : "broken-image", detail);
  }
}

function setAside(errorClass: string, detail: string): ItemOutcome {
  return { ok: false, class: errorClass, detail, transient: false };
}

/** SVG, plain or gzipped, and PDF: libvips would run them, with all they refer to. */
function isDocument(bytes: Buffer): boolean {
  const start = bytes.subarray(0, 1024).toString("latin1");
  return start.startsWith("%PDF-") || start.startsWith("\x1f\x8b") || /<svg|<!doctype svg/i.test(start);
}
