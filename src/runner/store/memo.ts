import { join } from "node:path";
import type { Sha256 } from "../../core/hash.js";
import { recall, remember } from "../../core/memo.js";

/** What whole stages remember of their output between runs: cache/memo/<kind>/<key> → a blob. */
export class Memo {
  readonly folder: string;

  constructor(private readonly root: string) {
    this.folder = join(root, "cache", "memo");
  }

  /** The blob remembered under the key, if the store still holds it undamaged. */
  get(kind: string, key: Sha256): Sha256 | undefined {
    return recall(this.root, kind, key);
  }

  /** @throws TypeError unless `key` and `blob` are sha256 in hexadecimal */
  put(kind: string, key: Sha256, blob: Sha256): void {
    remember(this.root, kind, key, blob);
  }
}
