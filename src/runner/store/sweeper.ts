import { bytesBelow, remove } from "./paths.js";

export type GcCategory =
  | "runs"
  | "results"
  | "trees"
  | "blobs"
  | "packs"
  | "segments"
  | "memo"
  | "shared"
  | "snapshots"
  | "scratch"
  | "damaged"
  | "paid";

export interface GcReport {
  readonly dryRun: boolean;
  readonly removed: Readonly<Record<GcCategory, { readonly count: number; readonly bytes: number }>>;
  readonly bytes: number;
}

/** Counts what goes, and removes it unless it is only asked. */
export class Sweeper {
  private readonly counts = new Map<GcCategory, { count: number; bytes: number }>();

  constructor(readonly dryRun: boolean) {}

  remove(category: GcCategory, path: string): void {
    this.count(category, 1, bytesBelow(path));
    if (!this.dryRun) remove(path);
  }

  count(category: GcCategory, count: number, bytes: number): void {
    const before = this.counts.get(category) ?? { count: 0, bytes: 0 };
    this.counts.set(category, { count: before.count + count, bytes: before.bytes + bytes });
  }

  report(): GcReport {
    const of = (category: GcCategory) => this.counts.get(category) ?? { count: 0, bytes: 0 };
    const removed = {
      runs: of("runs"),
      results: of("results"),
      trees: of("trees"),
      blobs: of("blobs"),
      packs: of("packs"),
      segments: of("segments"),
      memo: of("memo"),
      shared: of("shared"),
      snapshots: of("snapshots"),
      scratch: of("scratch"),
      damaged: of("damaged"),
      paid: of("paid"),
    };
    const bytes = Object.values(removed).reduce((sum, entry) => sum + entry.bytes, 0);
    return { dryRun: this.dryRun, removed, bytes };
  }
}
