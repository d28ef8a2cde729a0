import { closeSync, constants, fstatSync, openSync } from "node:fs";
import type { Item, ItemOutcome, ItemWorker } from "../../../../contract/stage.js";
import { sha256 } from "../../../../core/hash.js";
import { readPlace } from "../../../../core/packs.js";
import { readHeader } from "../../header.js";

/** From this size on the host takes the file over by reflink or copy instead of writing the bytes anew. */
const LARGE = 128 * 1024;
/** Files between two looks at whether the run is interrupted. */
const BATCH = 16;

/** Reads the listed files and looks into their headers; no pixel is decoded. */
export async function open(): Promise<ItemWorker> {
  return { batch: BATCH, process: async (items) => items.map(take) };
}

function take({ input, locator }: Item): ItemOutcome {
  let bytes: Buffer;
  try {
    bytes = readRegular(locator);
  } catch (error) {
    const detail = (error as NodeJS.ErrnoException).code ?? (error as Error).message;
    return { ok: false, class: "unreadable-file", detail, transient: true };
  }
  if (sha256(bytes) !== input) {
    return { ok: false, class: "changed", detail: "the file changed while the run was on", transient: true };
  }
  const header = readHeader(bytes);
  if (!header.ok) return { ...header, transient: false };
  const { format, width, height } = header;
  const blob = bytes.length >= LARGE ? { file: locator } : bytes;
  return {
    ok: true,
    columns: { bytes: bytes.length, format, width, height, opt_outs: null },
    blobs: { blob },
  };
}

/**
 * Reads a file without giving way to others: the listing has just hashed it, so that its bytes are in memory, and five
 * trips to the thread pool would cost ten times the reading. Opens without waiting, so that a pipe put in a file's
 * place is refused and not listened to.
 */
function readRegular(path: string): Buffer {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw new Error("it is no regular file");
    return readPlace(fd, { offset: 0, length: stats.size });
  } finally {
    closeSync(fd);
  }
}
