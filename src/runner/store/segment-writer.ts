import { renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "../../contract/kind.js";
import { packIndex } from "../../core/blobs.js";
import { type Duck, parquet, sqlName, sqlString } from "../../core/duck.js";
import { fsyncPath, writeFileAtomic } from "../../core/files.js";
import { sha256File } from "../../core/hash.js";
import { packsFolder } from "../../core/layout.js";
import { LineFile } from "../../core/line-file.js";
import type { PackIndex } from "../../core/pack-index.js";
import type { Blobs } from "./blobs.js";
import { remove } from "./paths.js";
import { type SegmentFolder, type SegmentManifest, sumOf } from "./segments.js";

export interface SegmentCounts {
  /** Outcomes kept in the item cache. */
  readonly ok: number;
  /** Failures kept there: these items will fail again. Failures that may pass are not kept. */
  readonly failed: number;
}

/** What a new segment is made of. */
export interface SegmentDraft {
  readonly root: string;
  readonly folder: SegmentFolder;
  readonly name: string;
  readonly columns: readonly Column[];
  /** A query of input, ok, class, detail, transient, the kind's columns and `n`, which grows with a row's age. */
  readonly rows: string;
  readonly replaces: readonly string[];
  readonly sequence: number;
  /** Makes a file of its own for each blob that is not in the pack, where it can. */
  readonly adopt: (hash: string) => void;
}

/**
 * Writes a segment whose pack is in its place. Rows that name a blob which is neither there nor a file of its own are
 * left out; of two rows for one input the later one counts. Renaming the Parquet file is the commit: until then
 * nothing of it counts.
 */
export async function writeSegment(duck: Duck, blobs: Blobs, draft: SegmentDraft): Promise<SegmentCounts> {
  const { root, folder, name, columns } = draft;
  folder.create();
  const blobColumns = columns.filter((column) => column.blob).map((column) => column.name);
  const pack = join(packsFolder(root), `${name}.pack`);
  const packBytes = statSync(pack, { throwIfNoEntry: false })?.size ?? 0;
  await duck.run(`CREATE OR REPLACE TEMP TABLE segment_rows AS ${draft.rows}`);
  await duck.run("CREATE OR REPLACE TEMP TABLE segment_blobs (hash VARCHAR)");
  const loose = folder.loosePath(name);
  if (packBytes > 0) await readPackList(duck, `${loose}.pack`, packIndex(packsFolder(root), name, packBytes));
  if (blobColumns.length > 0) {
    await writeLooseList(duck, blobs, draft, blobColumns, loose);
    await readList(duck, loose);
  }
  const counts = await writeRows(duck, draft, blobColumns);
  await duck.run("DROP TABLE segment_rows; DROP TABLE segment_blobs");
  if (counts.ok + counts.failed === 0) {
    [loose, draftPath(draft), pack, pack.replace(/pack$/, "idx")].forEach(remove);
    return counts;
  }
  if (statSync(loose, { throwIfNoEntry: false })?.size === 0) remove(loose);
  const { sequence, replaces } = draft;
  const sums = { parquet: await sha256File(draftPath(draft)), loose: sumOf(loose) };
  const manifest: SegmentManifest = { packBytes, sequence, blobColumns, replaces, sums };
  writeFileAtomic(folder.manifestPath(name), `${JSON.stringify(manifest)}\n`);
  fsyncPath(draftPath(draft));
  renameSync(draftPath(draft), folder.parquet(name));
  fsyncPath(folder.folder);
  return counts;
}

function draftPath({ folder, name }: SegmentDraft): string {
  return folder.parquet(`.${name}`);
}

async function writeRows(
  duck: Duck,
  draft: SegmentDraft,
  blobColumns: readonly string[],
): Promise<SegmentCounts> {
  const present = blobColumns.map(
    (column) => `(${sqlName(column)} IS NULL OR ${sqlName(column)} IN (SELECT hash FROM segment_blobs))`,
  );
  const names = [
    "input",
    "ok",
    "class",
    "detail",
    "transient",
    ...draft.columns.map(({ name }) => sqlName(name)),
  ];
  await duck.run(
    `COPY (SELECT ${names.join(", ")} FROM segment_rows
           WHERE ${["(ok OR NOT transient)", ...present].join(" AND ")}
           QUALIFY row_number() OVER (PARTITION BY input ORDER BY ok DESC, n DESC) = 1
           ORDER BY input)
     TO ${sqlString(draftPath(draft))} (FORMAT parquet, COMPRESSION zstd)`,
  );
  const [counts] = await duck.all(
    `SELECT count(*) FILTER (ok) AS ok, count(*) FILTER (NOT ok) AS failed FROM ${parquet(draftPath(draft))}`,
  );
  return { ok: Number(counts?.ok), failed: Number(counts?.failed) };
}

/** Brings the hashes of a pack's blobs into DuckDB, by a file that does not outlive it. */
async function readPackList(duck: Duck, path: string, index: PackIndex): Promise<void> {
  const list = new LineFile(path);
  try {
    for (const { hash } of index.entries()) list.add(hash.toString("hex"));
    list.flush();
    await readList(duck, path);
  } finally {
    list.discard();
  }
}

/** Writes the blobs that rows name outside the pack and that are files, each with its size. */
async function writeLooseList(
  duck: Duck,
  blobs: Blobs,
  draft: SegmentDraft,
  blobColumns: readonly string[],
  path: string,
): Promise<void> {
  const named = blobColumns.map((column) => `SELECT ${sqlName(column)} AS hash FROM segment_rows`);
  const list = new LineFile(path);
  try {
    const query = `SELECT DISTINCT hash FROM (${named.join(" UNION ALL ")})
      ANTI JOIN segment_blobs USING (hash) WHERE hash SIMILAR TO '[0-9a-f]{64}' ORDER BY hash`;
    for await (const rows of duck.stream(query)) {
      for (const { hash } of rows) {
        draft.adopt(String(hash));
        if (blobs.hasFile(String(hash))) list.add(`${hash} ${blobs.size(String(hash))}`);
      }
    }
  } finally {
    list.close();
  }
}

async function readList(duck: Duck, path: string): Promise<void> {
  if (statSync(path).size === 0) return;
  await duck.run(
    `INSERT INTO segment_blobs SELECT hash[1:64] FROM read_csv(${sqlString(path)}, header = false, auto_detect = false,
       columns = {hash: 'VARCHAR'}, delim = '\t', quote = '', escape = '')`,
  );
}
