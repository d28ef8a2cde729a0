import { constants } from "node:fs";
import { open as openFile } from "node:fs/promises";
import type { BaseContext, Item, ItemOutcome, ItemWorker } from "../../../../contract/stage.js";
import { sha256 } from "../../../../core/hash.js";
import { readHeader } from "../../header.js";

/** From this size on the host takes the file over by reflink or copy instead of writing the bytes anew. */
const LARGE = 128 * 1024;

/** Reads the listed files and looks into their headers; no pixel is decoded. */
export async function open(context: BaseContext): Promise<ItemWorker> {
  return { concurrency: context.cpus * 2, process: (items) => Promise.all(items.map(take)) };
}

async function take({ input, locator }: Item): Promise<ItemOutcome> {
  let bytes: Buffer;
  try {
    bytes = await readRegular(locator);
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
  return { ok: true, columns: { bytes: bytes.length, format, width, height }, blobs: { blob } };
}

/** Opens without waiting, so that a pipe put in a file's place is refused and not listened to. */
async function readRegular(path: string): Promise<Buffer> {
  const file = await openFile(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    if (!(await file.stat()).isFile()) throw new Error("it is no regular file");
    return await file.readFile();
  } finally {
    await file.close();
  }
}
