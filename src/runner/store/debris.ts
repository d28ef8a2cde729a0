import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { namesIn } from "./paths.js";
import type { Store } from "./store.js";
import type { Sweeper } from "./sweeper.js";

/**
 * Removes what processes that were killed left in places where nobody reads it: temporary files beside what they were
 * to become, parts of segments and packs that were never committed, locks of dead owners, runs that died before they
 * began. Does nothing while a run lives.
 */
export function sweepDebris(store: Store, sweeper: Sweeper): void {
  if (store.leases.liveRuns().length > 0) return;
  const remove = (path: string) => sweeper.remove("scratch", path);
  const { root } = store;
  for (const folder of [
    "results",
    "trees",
    "runs",
    "latest",
    "cache/stat",
    "cache/memo",
    "cache/shared",
    "store/packs",
    "paid",
  ]) {
    for (const path of temporaryFiles(join(root, folder))) remove(path);
  }
  for (const space of store.items.spaces()) {
    const segments = store.items.folder(space);
    const committed = new Set(segments.names());
    for (const file of namesIn(segments.folder)) {
      const [name = "", ...suffix] = file.split(".");
      if (!committed.has(name) || suffix.join(".") === "loose.pack") remove(join(segments.folder, file));
    }
  }
  const packs = join(root, "store/packs");
  for (const file of namesIn(packs)) {
    if (!file.startsWith(".") && !existsSync(join(packs, file.replace(/\.\w+$/, ".pack"))))
      remove(join(packs, file));
  }
  const runs = new Set(store.runs.ids());
  for (const id of namesIn(store.runs.folder)) if (!runs.has(id)) remove(store.runs.path(id));
  if (sweeper.dryRun) return;
  store.locks.tidy();
  store.leases.tidy();
}

/** What writeFileAtomic did not come to rename. */
function temporaryFiles(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => /(^|\/)\.tmp-\d+-[0-9a-f]+(\.\d+)?$/.test(path))
    .map((path) => join(folder, path));
}
