import { lstatSync, readlinkSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { Duck } from "../../core/duck.js";
import { isSha256 } from "../../core/layout.js";
import { memoBlob } from "../../core/memo.js";
import { sweepDebris } from "./debris.js";
import { looseBlobs } from "./loose.js";
import { type GcPolicy, type Marks, mark } from "./marks.js";
import { namesIn, remove, textOf } from "./paths.js";
import { keepReserve, withReserve } from "./reserve.js";
import type { Store } from "./store.js";
import { sweepPacks } from "./sweep-packs.js";
import { type GcReport, Sweeper } from "./sweeper.js";

export type { GcReport };

export interface GcOptions extends GcPolicy {
  /** Only says what would go. */
  readonly dryRun: boolean;
  /** Removes all paid answers too: whoever asks for them again pays again. */
  readonly paid?: boolean;
  /** The present, milliseconds since 1970; for `olderThanMs`. */
  readonly now?: number;
}

/**
 * Removes what nothing refers to. Referred to is: what kept runs and latest/ name, what the item cache can still give,
 * snapshots of stages without a result. With a policy, older runs go, and what only they needed. Paid answers
 * are touched only where `paid` says so. What refers goes before what it refers to, so that being cut short leaves nothing dangling.
 *
 * @throws StageError of class `store-in-use` while a run is alive
 */
export async function gc(store: Store, options: GcOptions): Promise<GcReport> {
  if (!options.dryRun) store.requireWritable("what nothing refers to was to be removed");
  const lease = options.dryRun ? undefined : await withReserve(store.root, () => store.leases.exclusive());
  const scratch = store.workFolder("gc");
  const duck = await Duck.open({ scratch });
  try {
    const now = options.now ?? Date.now();
    if (!options.dryRun) for (const task of store.paid.abandoned()) store.paid.takeFrom(task);
    const marks = await mark(store, duck, options, now);
    const sweeper = new Sweeper(options.dryRun);
    sweepRecords(store, marks, sweeper);
    const heldByCache = await sweepPacks(store, duck, marks, sweeper);
    sweepLoose(store, marks, heldByCache, sweeper);
    sweepScratch(store, marks, sweeper, options.olderThanMs, now);
    sweepShared(store, marks, sweeper);
    sweepDebris(store, sweeper);
    if (options.paid)
      for (const name of namesIn(store.paid.folder)) sweeper.remove("paid", join(store.paid.folder, name));
    return sweeper.report();
  } finally {
    duck.close();
    remove(scratch);
    if (lease) keepReserve(store.root);
    lease?.release();
  }
}

function sweepRecords(store: Store, marks: Marks, sweeper: Sweeper): void {
  for (const fingerprint of store.results.fingerprints()) {
    if (!marks.fingerprints.has(fingerprint)) sweeper.remove("results", store.results.path(fingerprint));
  }
  for (const id of store.runs.ids()) {
    if (!marks.runs.has(id)) sweeper.remove("runs", store.runs.path(id));
  }
  for (const hash of store.trees.list()) {
    if (!marks.trees.has(hash)) sweeper.remove("trees", store.trees.path(hash));
  }
  for (const path of memoEntries(store.memo.folder)) {
    const blob = memoBlob(textOf(path) ?? "");
    if (blob === undefined || !marks.files.has(blob)) sweeper.remove("memo", path);
  }
}

function memoEntries(folder: string): string[] {
  const below = (path: string) => namesIn(path).map((name) => join(path, name));
  return below(folder).flatMap(below).flatMap(below);
}

function sweepLoose(store: Store, marks: Marks, heldByCache: ReadonlySet<string>, sweeper: Sweeper): void {
  for (const { hash, path } of looseBlobs(store.root)) {
    if (marks.files.has(hash) || heldByCache.has(hash) || marks.items.has(Buffer.from(hash, "hex"))) continue;
    sweeper.remove("blobs", path);
  }
}

function sweepScratch(
  store: Store,
  marks: Marks,
  sweeper: Sweeper,
  olderThanMs: number | undefined,
  now: number,
): void {
  const { root } = store;
  const live = new Set(store.leases.liveRuns());
  for (const name of namesIn(store.tasksDir())) {
    // Finished items that a killed run left are taken over by the next; only a dry run meets live runs here.
    const harvestable = name.startsWith("items-") && !marks.pruning;
    if (harvestable || live.has(name.split(".")[1] ?? "")) continue;
    sweeper.remove("scratch", join(store.tasksDir(), name));
  }
  if (live.size === 0) {
    for (const name of namesIn(join(root, "store", "tmp")))
      sweeper.remove("scratch", join(root, "store", "tmp", name));
  }
  for (const fingerprint of namesIn(join(root, "scratch", "snapshots"))) {
    const path = join(root, "scratch", "snapshots", fingerprint);
    // Without a result they are what a killed training goes on from, whether or not its run could say so.
    const finished = marks.results.has(fingerprint) || !isSha256(fingerprint);
    const old = olderThanMs !== undefined && statSync(path).mtimeMs < now - olderThanMs;
    if (finished || (old && !marks.fingerprints.has(fingerprint))) sweeper.remove("snapshots", path);
  }
  for (const name of namesIn(join(root, "damaged"))) sweeper.remove("damaged", join(root, "damaged", name));
  if (live.size === 0) sweepVersions(store, sweeper);
}

/** What stages keep in common is removed where no run that stays has used it: its time is older than all of them. */
function sweepShared(store: Store, marks: Marks, sweeper: Sweeper): void {
  const folder = join(store.root, "cache", "shared");
  const began = [...marks.runs].map((id) => Date.parse(store.runs.get(id)?.startedAt ?? ""));
  for (const path of namesIn(folder).flatMap((kind) =>
    namesIn(join(folder, kind)).map((name) => join(folder, kind, name)),
  )) {
    const { mtimeMs } = statSync(path);
    // A run whose record tells no time may have used everything.
    if (!began.some((time) => !(time > mtimeMs))) sweeper.remove("shared", path);
  }
}

/** Folders under latest/ that were never shown, or are no more: a publication was cut short. */
function sweepVersions(store: Store, sweeper: Sweeper): void {
  for (const pipeline of namesIn(store.latest.folder)) {
    const folder = join(store.latest.folder, pipeline);
    const shown = new Set(
      namesIn(folder)
        .map((name) => join(folder, name))
        .filter((path) => lstatSync(path).isSymbolicLink())
        .map((path) => basename(readlinkSync(path))),
    );
    for (const name of namesIn(join(folder, ".versions"))) {
      if (!shown.has(name)) sweeper.remove("scratch", join(folder, ".versions", name));
    }
  }
}
