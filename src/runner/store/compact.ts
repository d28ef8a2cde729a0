import { closeSync, openSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "../../contract/kind.js";
import { packIndex } from "../../core/blobs.js";
import { type Duck, parquet, sqlName, sqlString } from "../../core/duck.js";
import { sha256 } from "../../core/hash.js";
import { packsFolder } from "../../core/layout.js";
import { PackWriter, readPlace } from "../../core/packs.js";
import type { Blobs } from "./blobs.js";
import { remove, uniqueName } from "./paths.js";
import { writeSegment } from "./segment-writer.js";
import type { Segment, SegmentFolder } from "./segments.js";

/** From more segments than this in a space on, the smaller ones are merged. */
const MOST_SEGMENTS = 16;
/** So many of the largest are left alone: each row is then merged about log(n) times in its life. */
const LEFT_ALONE = 4;

/**
 * Merges the smaller segments of a space, and their packs, when there are too many. The merged ones count no more but
 * stay until nobody can be reading them. The caller holds the space's lock.
 *
 * @returns whether there was anything to do
 */
export async function compactSpace(
  duck: Duck,
  root: string,
  blobs: Blobs,
  segments: SegmentFolder,
  columns: readonly Column[],
): Promise<boolean> {
  const live = segments.live();
  if (live.length <= MOST_SEGMENTS) return false;
  const bySize = live.map((segment) => ({ segment, bytes: sizeOf(root, segment) }));
  bySize.sort((a, b) => a.bytes - b.bytes);
  const merged = bySize.slice(0, live.length - LEFT_ALONE).map(({ segment }) => segment);
  await mergeSegments(duck, root, blobs, segments, columns, merged);
  return true;
}

/** Writes one segment that holds what several held. @returns its name */
export async function mergeSegments(
  duck: Duck,
  root: string,
  blobs: Blobs,
  segments: SegmentFolder,
  columns: readonly Column[],
  merged: readonly Segment[],
  keep: (hash: Buffer) => boolean = () => true,
): Promise<string> {
  const name = uniqueName();
  mergePacks(root, blobs, name, merged, keep);
  await writeSegment(duck, blobs, {
    root,
    folder: segments,
    name,
    columns,
    rows: unionOf(merged, columns),
    replaces: merged.map((segment) => segment.name),
    sequence: segments.nextSequence() - 1,
    adopt: () => {},
  });
  blobs.close();
  return name;
}

function unionOf(merged: readonly Segment[], columns: readonly Column[]): string {
  const names = columns.map(({ name }) => `, ${sqlName(name)}`).join("");
  const parts = merged.map((segment, age) => {
    const blobColumns = columns.filter((column) => column.blob).map((column) => sqlName(column.name));
    const lost = segment.lost.map(sqlString).join(", ");
    const whole = blobColumns.map((column) => `coalesce(${column} NOT IN (${lost}), true)`);
    return `SELECT input, ok, class, detail, transient${names}, ${age} AS n FROM ${parquet(segment.parquet)}
      ${lost === "" || whole.length === 0 ? "" : `WHERE ${whole.join(" AND ")}`}`;
  });
  return parts.join(" UNION ALL ");
}

function mergePacks(
  root: string,
  blobs: Blobs,
  name: string,
  merged: readonly Segment[],
  keep: (hash: Buffer) => boolean,
): void {
  const path = join(root, "store", "tmp", `${name}.pack`);
  const writer = new PackWriter(path);
  try {
    for (const { pack, lost } of merged) {
      if (pack !== undefined) copyRecords(root, pack, new Set(lost), keep, writer);
    }
    writer.sync();
  } finally {
    writer.close();
  }
  if (writer.count > 0) blobs.adoptPack(path, name);
  else remove(path);
}

/** Copies the blobs of a pack that are wanted and sound. */
export function copyRecords(
  root: string,
  pack: string,
  lost: ReadonlySet<string>,
  keep: (hash: Buffer) => boolean,
  writer: PackWriter,
): void {
  const folder = packsFolder(root);
  const path = join(folder, `${pack}.pack`);
  const fd = openSync(path, "r");
  try {
    for (const entry of packIndex(folder, pack, statSync(path).size).entries()) {
      const hash = entry.hash.toString("hex");
      if (lost.has(hash) || !keep(entry.hash)) continue;
      const bytes = readPlace(fd, entry);
      if (sha256(bytes) === hash) writer.append(hash, bytes);
    }
  } finally {
    closeSync(fd);
  }
}

function sizeOf(root: string, segment: Segment): number {
  const pack = segment.pack === undefined ? undefined : join(packsFolder(root), `${segment.pack}.pack`);
  return [segment.parquet, pack].reduce(
    (sum, path) => sum + (path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0)),
    0,
  );
}
