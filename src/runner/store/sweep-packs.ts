import { statSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "../../contract/kind.js";
import { listPacks, packIndex } from "../../core/blobs.js";
import { type Duck, parquet } from "../../core/duck.js";
import { isOutOfSpace } from "../../core/errors.js";
import { packsFolder } from "../../core/layout.js";
import { PackWriter, RECORD_HEADER_BYTES } from "../../core/packs.js";
import { copyRecords, mergeSegments } from "./compact.js";
import type { Marks } from "./marks.js";
import { bytesBelow, uniqueName } from "./paths.js";
import { dropPack, type Segment, type SegmentFolder } from "./segments.js";
import type { Store } from "./store.js";
import type { Sweeper } from "./sweeper.js";

/** A pack is written anew when less than this part of it is wanted. */
const WORTH_KEEPING = 0.5;
const BASE_COLUMNS = new Set(["input", "ok", "class", "detail", "transient"]);

/**
 * Removes segments that count no more and packs that nothing needs; writes anew packs that are mostly waste.
 *
 * @returns the blobs with files of their own that the remaining segments name
 */
export async function sweepPacks(
  store: Store,
  duck: Duck,
  marks: Marks,
  sweeper: Sweeper,
): Promise<Set<string>> {
  const held = new Set<string>();
  const kept = new Map<string, { segments: SegmentFolder; segment: Segment }>();
  for (const space of store.items.spaces()) {
    const segments = store.items.folder(space);
    const live = new Map(segments.live().map((segment) => [segment.name, segment]));
    for (const name of segments.names()) {
      const segment = live.get(name);
      if (!segment || (marks.pruning && marks.deadSpaces.has(space))) {
        sweeper.count("segments", 1, bytesBelow(segments.parquet(name)));
        if (!sweeper.dryRun) segments.drop(name);
        continue;
      }
      kept.set(name, { segments, segment });
      // When pruning, only what rows of kept artifacts name is held.
      if (!marks.pruning) for (const { hash } of segments.loose(name)) held.add(hash);
    }
  }
  for (const name of listPacks(store.root)) {
    const owner = kept.get(name);
    if (owner && !marks.pruning) continue;
    await sweepPack(store, duck, marks, sweeper, name, owner);
  }
  store.blobs.close();
  return held;
}

async function sweepPack(
  store: Store,
  duck: Duck,
  marks: Marks,
  sweeper: Sweeper,
  name: string,
  owner: { segments: SegmentFolder; segment: Segment } | undefined,
): Promise<void> {
  const folder = packsFolder(store.root);
  const { size } = statSync(join(folder, `${name}.pack`));
  let wanted = 0;
  for (const entry of packIndex(folder, name, size).entries()) {
    if (marks.items.has(entry.hash)) wanted += entry.length + RECORD_HEADER_BYTES;
  }
  if (wanted >= size * WORTH_KEEPING) return;
  if (!sweeper.dryRun) {
    try {
      await rewritePack(store, duck, marks, name, wanted, owner);
    } catch (error) {
      // No room to keep what is wanted of it: it stays as it is for a gc that has some.
      if (isOutOfSpace(error)) return;
      throw error;
    }
  }
  sweeper.count("packs", 1, size - wanted);
}

/** Puts what is wanted of a pack into a new one and removes it, with its segment. */
async function rewritePack(
  store: Store,
  duck: Duck,
  marks: Marks,
  name: string,
  wanted: number,
  owner: { segments: SegmentFolder; segment: Segment } | undefined,
): Promise<void> {
  const keep = (hash: Buffer) => marks.items.has(hash);
  if (owner) {
    const columns = await columnsOf(duck, owner.segments, owner.segment);
    await mergeSegments(duck, store.root, store.blobs, owner.segments, columns, [owner.segment], keep);
    owner.segments.drop(name);
  } else if (wanted > 0) {
    const path = join(store.root, "store", "tmp", uniqueName());
    const writer = new PackWriter(path);
    copyRecords(store.root, name, new Set(), keep, writer);
    writer.close();
    store.blobs.adoptPack(path, uniqueName());
  }
  dropPack(store.root, name);
}

/** The kind's columns of a segment, as its Parquet file and manifest tell them. */
async function columnsOf(duck: Duck, segments: SegmentFolder, segment: Segment): Promise<Column[]> {
  const blobColumns = new Set(segments.manifest(segment.name)?.blobColumns);
  const described = await duck.all(`DESCRIBE SELECT * FROM ${parquet(segment.parquet)}`);
  return described
    .map((row) => ({ name: String(row.column_name), type: String(row.column_type) }))
    .filter(({ name }) => !BASE_COLUMNS.has(name))
    .map((column) => (blobColumns.has(column.name) ? { ...column, blob: true as const } : column));
}
