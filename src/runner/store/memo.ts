import { join } from "node:path";
import { writeFileAtomic } from "../../core/files.js";
import type { Sha256 } from "../../core/hash.js";
import { isSha256, memoPath } from "../../core/layout.js";
import type { Blobs } from "./blobs.js";
import { textOf } from "./paths.js";

/** What whole stages remember of their output between runs: cache/memo/<kind>/<key> → a blob. */
export class Memo {
  readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly blobs: Blobs,
  ) {
    this.folder = join(root, "cache", "memo");
  }

  /** The blob remembered under the key, if the store still holds it. */
  get(kind: string, key: Sha256): Sha256 | undefined {
    const blob = textOf(memoPath(this.root, kind, key))?.trim();
    return isSha256(blob) && this.blobs.hasFile(blob) ? blob : undefined;
  }

  /** @throws TypeError unless `key` and `blob` are sha256 in hexadecimal */
  put(kind: string, key: Sha256, blob: Sha256): void {
    if (!isSha256(blob)) throw new TypeError(`not a sha256: ${JSON.stringify(blob)}`);
    writeFileAtomic(memoPath(this.root, kind, key), `${blob}\n`);
  }
}
