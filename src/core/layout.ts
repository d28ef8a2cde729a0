import { join } from "node:path";
import type { Sha256 } from "./hash.js";

/** Item blobs from this size on are files of their own; smaller ones stand in packs. */
export const LOOSE_FROM_BYTES = 128 * 1024;

const HEX64 = /^[0-9a-f]{64}$/;

/** True for a lower-case hexadecimal sha256: the only thing that may become part of a path in the store. */
export function isSha256(text: unknown): text is Sha256 {
  return typeof text === "string" && HEX64.test(text);
}

/** Where a loose blob stands, whether or not it exists. `root` is the store's root (artifacts/). */
export function loosePath(root: string, hash: Sha256): string {
  if (!isSha256(hash)) throw new TypeError(`not a sha256: ${JSON.stringify(hash)}`);
  return join(root, "store", hash.slice(0, 2), hash.slice(2));
}

/** The folder of pack files: `<name>.pack`, its index `<name>.idx`, its tombstones `<name>.gone`. */
export function packsFolder(root: string): string {
  return join(root, "store", "packs");
}

/** Where answers that were paid for are kept: one folder for all that decides them beside the item. @throws TypeError */
export function ledgerFolder(root: string, ledger: Sha256): string {
  if (!isSha256(ledger)) throw new TypeError(`not a ledger's name: ${JSON.stringify(ledger)}`);
  return join(root, "paid", ledger);
}

/**
 * Where a stage kind's memo entry stands: a text file holding a blob hash. Read by stage hosts, written by the runner.
 *
 * @throws TypeError unless `key` is a sha256 and `kind` a plain name.
 */
export function memoPath(root: string, kind: string, key: Sha256): string {
  if (!isSha256(key))
    throw new TypeError(`a memo key must be a sha256 in hexadecimal, got ${JSON.stringify(key)}`);
  const folder = kind.replace(/[^A-Za-z0-9_-]/g, "_");
  return join(root, "cache", "memo", folder, key.slice(0, 2), key);
}
