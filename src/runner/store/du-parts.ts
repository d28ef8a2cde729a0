import { type Dirent, lstatSync, readdirSync, type Stats } from "node:fs";
import { join } from "node:path";
import type { Sha256 } from "../../core/hash.js";
import { isSha256 } from "../../core/layout.js";
import { isCode } from "./paths.js";

/** What files take. */
export interface Space {
  readonly files: number;
  /** As long as they are. */
  readonly bytes: number;
  /** What the file system gives them in whole blocks, folders included. */
  readonly diskBytes: number;
}

/** The parts of a store, in the order in which they are shown. */
export const PARTS = [
  "blobs",
  "packs",
  "itemCache",
  "otherCaches",
  "artifacts",
  "results",
  "runs",
  "latest",
  "paid",
  "snapshots",
  "scratch",
  "damaged",
  "other",
] as const;

export type Part = (typeof PARTS)[number];

/** What one walk over the store's files finds. Together the parts are all there is. */
export interface Walk {
  readonly parts: Readonly<Record<Part, Space>>;
  /** Bytes of each run's folder: record, events, logs. */
  readonly runs: ReadonlyMap<string, number>;
  /** Folders that could not be read. */
  readonly unreadable: readonly string[];
}

const PART_OF: Readonly<Record<string, Part>> = {
  "store/packs": "packs",
  "store/tmp": "scratch",
  "cache/items": "itemCache",
  cache: "otherCaches",
  trees: "artifacts",
  results: "results",
  runs: "runs",
  latest: "latest",
  paid: "paid",
  "scratch/snapshots": "snapshots",
  scratch: "scratch",
  damaged: "damaged",
};

/**
 * Measures every file of a store, links not followed, each looked at once. What goes while it looks is not counted.
 *
 * @param onBlob told of each blob that is a file of its own
 */
export function walkStore(root: string, onBlob: (hash: Sha256, bytes: number) => void): Walk {
  const parts = Object.fromEntries(
    PARTS.map((part) => [part, { files: 0, bytes: 0, diskBytes: 0 }]),
  ) as Record<Part, { files: number; bytes: number; diskBytes: number }>;
  const runs = new Map<string, number>();
  const unreadable: string[] = [];
  const folders: (readonly string[])[] = [[]];
  for (let names = folders.pop(); names; names = folders.pop()) {
    const folder = join(root, ...names);
    const own = statsOf(folder);
    if (!own) continue;
    // Blocks are counted in units of 512 bytes, whatever the file system's own are.
    parts[partOf(names)].diskBytes += own.blocks * 512;
    for (const entry of entriesOf(folder, unreadable)) {
      const path = [...names, entry.name];
      if (entry.isDirectory()) {
        folders.push(path);
        continue;
      }
      const stats = statsOf(join(folder, entry.name));
      if (!stats) continue;
      const part = partOf(path);
      parts[part].files += 1;
      parts[part].bytes += stats.size;
      parts[part].diskBytes += stats.blocks * 512;
      if (part === "blobs") onBlob(`${names[1]}${entry.name}`, stats.size);
      const run = path[1];
      if (part === "runs" && run !== undefined) runs.set(run, (runs.get(run) ?? 0) + stats.size);
    }
  }
  return { parts, runs, unreadable };
}

function partOf([first = "", second = "", third]: readonly string[]): Part {
  if (first === "store" && /^[0-9a-f]{2}$/.test(second)) {
    return third === undefined || isSha256(second + third) ? "blobs" : "other";
  }
  return PART_OF[`${first}/${second}`] ?? PART_OF[first] ?? "other";
}

function statsOf(path: string): Stats | undefined {
  return lstatSync(path, { throwIfNoEntry: false });
}

function entriesOf(folder: string, unreadable: string[]): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (isCode(error, "EACCES", "EPERM")) unreadable.push(folder);
    else if (!isCode(error, "ENOENT")) throw error;
    return [];
  }
}
