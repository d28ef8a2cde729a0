import { statSync } from "node:fs";
import { join } from "node:path";
import type { Sha256 } from "../../core/hash.js";
import { isSha256 } from "../../core/layout.js";
import { namesIn } from "./paths.js";

/** All blobs that are files of their own, by name. */
export function* looseBlobs(
  root: string,
): Generator<{ readonly hash: Sha256; readonly path: string; readonly bytes: number }> {
  const store = join(root, "store");
  for (const prefix of namesIn(store)) {
    if (!/^[0-9a-f]{2}$/.test(prefix)) continue;
    for (const rest of namesIn(join(store, prefix))) {
      const hash = prefix + rest;
      const path = join(store, prefix, rest);
      const stats = isSha256(hash) ? statSync(path, { throwIfNoEntry: false }) : undefined;
      if (stats) yield { hash, path, bytes: stats.size };
    }
  }
}
