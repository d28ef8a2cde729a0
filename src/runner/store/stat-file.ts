import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isCode } from "./paths.js";

const PAGE = 4096;
/** In a meta page of LMDB (lmdb 3.5, data version 2): the page's header, then MDB_meta. */
const MAGIC_AT = 24;
const MAGIC = 0xbeefc0de;
const VERSION = 2;
const LAST_PAGE_AT = 144;
const TRANSACTION_AT = 152;

/**
 * Whether an LMDB file can be mapped without danger: it has sound meta pages and is as long as the newer one says. LMDB
 * itself would touch pages beyond the end of a shortened file, which ends the process (SIGBUS).
 */
export function isSoundLmdb(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, "r");
  } catch (error) {
    if (isCode(error, "ENOENT")) return true;
    throw error;
  }
  try {
    const { size } = fstatSync(fd);
    if (size === 0) return true;
    const pages = Buffer.alloc(2 * PAGE);
    if (readSync(fd, pages, 0, pages.length, 0) < pages.length) return false;
    const metas = [pages.subarray(0, PAGE), pages.subarray(PAGE)];
    if (metas.some((m) => m.readUInt32LE(MAGIC_AT) !== MAGIC || m.readUInt32LE(MAGIC_AT + 4) !== VERSION)) {
      return false;
    }
    const [newer] = metas.sort((a, b) =>
      Number(b.readBigUInt64LE(TRANSACTION_AT) - a.readBigUInt64LE(TRANSACTION_AT)),
    );
    return newer !== undefined && size >= (Number(newer.readBigUInt64LE(LAST_PAGE_AT)) + 1) * PAGE;
  } finally {
    closeSync(fd);
  }
}
