import { closeSync, copyFileSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "../../contract/kind.js";
import { TASK_FILES } from "../../contract/task.js";
import { type Duck, sqlName, sqlString } from "../../core/duck.js";
import { writeFileAtomic } from "../../core/files.js";
import { packsFolder } from "../../core/layout.js";
import { PackWriter, readPlace, scanPack } from "../../core/packs.js";
import type { Blobs } from "./blobs.js";
import { remove, textOf, uniqueName } from "./paths.js";
import { type SegmentCounts, writeSegment } from "./segment-writer.js";
import type { SegmentFolder } from "./segments.js";

/** Names the segment that a task folder becomes, so that a harvest that was cut short goes on where it was. */
const CLAIM = "segment.txt";
const SALVAGED_ITEMS = "salvaged.jsonl";
const SALVAGED_PACK = "salvaged.pack";

/**
 * Turns a task folder into a segment of the item cache and removes it. A host that has written its result is done with
 * the folder, so its pack is taken as it is; of any other only what is whole is copied, since the host may have been
 * killed in the middle of a write, or may outlive its runner and write still.
 */
export async function harvestFolder(
  duck: Duck,
  root: string,
  blobs: Blobs,
  segments: SegmentFolder,
  columns: readonly Column[],
  task: string,
): Promise<SegmentCounts> {
  const name = claim(task);
  const done = segments.names().includes(name);
  const { items } = takeFiles(root, blobs, task, name, done);
  let counts: SegmentCounts = { ok: 0, failed: 0 };
  if (items !== undefined && !done) {
    const rows = lines(items, columns);
    const adopt = (hash: string) => {
      const file = join(task, TASK_FILES.blobs, hash);
      if (existsSync(file)) blobs.adoptFile(file, hash);
    };
    const sequence = segments.nextSequence();
    const draft = { root, folder: segments, name, columns, rows, replaces: [], sequence, adopt };
    counts = await writeSegment(duck, blobs, draft);
    blobs.close();
  }
  remove(task);
  return counts;
}

function claim(task: string): string {
  const path = join(task, CLAIM);
  const claimed = textOf(path)?.trim();
  if (claimed !== undefined && /^[0-9a-f]{16}$/.test(claimed)) return claimed;
  const name = uniqueName();
  writeFileAtomic(path, `${name}\n`);
  return name;
}

/** Brings the task's pack to its place in the store. @returns the item log to be read, if there is one */
function takeFiles(
  root: string,
  blobs: Blobs,
  task: string,
  name: string,
  done: boolean,
): { items?: string } {
  const log = join(task, TASK_FILES.items);
  if (!existsSync(log)) return {};
  const finished = existsSync(join(task, TASK_FILES.result));
  const items = finished ? log : join(task, SALVAGED_ITEMS);
  const pack = join(task, TASK_FILES.pack);
  const there = existsSync(join(packsFolder(root), `${name}.pack`));
  if (done || there) return existsSync(items) ? { items } : {};
  // The log before the pack: every line copied has its blobs in the pack already.
  if (!finished) copyFileSync(log, items);
  if (!existsSync(pack)) return { items };
  const source = finished ? pack : salvagePack(pack, join(task, SALVAGED_PACK));
  if (hasRecords(source)) blobs.adoptPack(source, name, finished ? join(task, TASK_FILES.index) : undefined);
  return { items };
}

function hasRecords(pack: string): boolean {
  return scanPack(pack).next().done !== true;
}

/** Copies the intact records of a pack. */
function salvagePack(from: string, to: string): string {
  remove(to);
  const writer = new PackWriter(to);
  const fd = openSync(from, "r");
  try {
    for (const record of scanPack(from, { verify: true })) {
      if (record.intact) writer.append(record.hash.toString("hex"), readPlace(fd, record));
    }
    writer.sync();
  } finally {
    closeSync(fd);
    writer.close();
  }
  return to;
}

/** A query over an item log. A torn last line is no line. */
function lines(path: string, columns: readonly Column[]): string {
  const types = columns.map(({ name, type }) => `${sqlName(name)} ${type}`);
  // A struct needs a field; a kind without columns gives only verdicts.
  const struct = sqlString(`STRUCT(${types.length > 0 ? types.join(", ") : "none VARCHAR"})`);
  const derived = columns.map(({ name }) => `, columns.${sqlName(name)} AS ${sqlName(name)}`);
  return `SELECT input, ok, class, detail, coalesce(transient, false) AS transient${derived.join("")},
      row_number() OVER () AS n
    FROM read_json(${sqlString(path)}, format = 'newline_delimited', ignore_errors = true,
      maximum_object_size = 67108864, columns = {input: 'VARCHAR', ok: 'BOOLEAN', class: 'VARCHAR',
      detail: 'VARCHAR', transient: 'BOOLEAN', columns: ${struct}})
    WHERE input IS NOT NULL AND ok IS NOT NULL`;
}
