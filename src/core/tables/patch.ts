import { rmSync } from "node:fs";
import { type Duck, numberedParquet, parquet, sqlString } from "../duck.js";
import { parquetGroups } from "../parquet/file.js";
import { spliceParquet, UnlikeFiles } from "../parquet/splice.js";
import {
  beginsPart,
  type Earlier,
  type IdRange,
  PartCutter,
  rowSpan,
  shareWithin,
  soundParts,
  type TablePart,
  type TableParts,
  type WrittenTable,
} from "./parts.js";
import { columnList, cutRows, inAny, type Schema, schemaOf, schemaSum } from "./rows.js";
import { copyRows, ROW_GROUP, tableOf, writeTable } from "./write.js";

/** A table of which a larger share may have changed is written as a whole. */
const MOST = 0.75;

/**
 * Writes a table in the order of its ids that differs from an earlier one in some ranges of them. Row groups without
 * such an id are copied as they are, and only parts with one are hashed; rows and content hash are those of `writeTable`.
 *
 * @param ranges ascending, apart from each other
 * @param query rows without ORDER BY, among them all whose ids are in the ranges
 * @returns undefined where that cannot be done or would save little: nothing is written then
 */
export async function patchTable(
  duck: Duck,
  earlier: Earlier,
  ranges: readonly IdRange[],
  query: string,
  path: string,
): Promise<WrittenTable | undefined> {
  const parts = soundParts(earlier.table);
  const schema = await schemaOf(duck, query);
  if (!parts || schemaSum(schema) !== parts.schema) return undefined;
  if (shareWithin(parts, ranges) > MOST) return undefined;
  const rows = { columns: columnList(schema), query };
  if (!(await patchRows(duck, { path: earlier.path, parts }, ranges, rows, path))) return undefined;
  return hashAnew(duck, parts, ranges, schema, path);
}

/**
 * Writes the file of a table as `patchTable` does, and hashes nothing.
 *
 * @param earlier a file whose rows are, by number and id, those of a table with these parts
 * @returns false where that gives no table: nothing is written then
 */
export async function patchRows(
  duck: Duck,
  earlier: { readonly path: string; readonly parts: TableParts },
  ranges: readonly IdRange[],
  rows: { readonly columns: string; readonly query: string },
  path: string,
): Promise<boolean> {
  const groups = parquetGroups(earlier.path);
  return writeRuns(duck, earlier.path, runsOf(earlier.parts, ranges, groups), groups, rows, path);
}

/**
 * Writes a table as `patchTable` does, or else as a whole, from the earlier table and the query.
 *
 * @param ranges ascending, apart from each other
 * @param query the rows whose ids are in the ranges, without ORDER BY; the columns are those of the earlier table
 */
export async function updateTable(
  duck: Duck,
  earlier: Earlier,
  ranges: readonly IdRange[],
  query: string,
  path: string,
): Promise<WrittenTable> {
  const patched = await patchTable(duck, earlier, ranges, query, path);
  if (patched) return patched;
  const kept = `SELECT * FROM ${parquet(earlier.path)} WHERE NOT ${inAny(ranges)}`;
  return writeTable(duck, `${kept} UNION ALL SELECT * FROM (${query}) WHERE ${inAny(ranges)}`, ["id"], path);
}

/** Adjacent row groups of a file, from one to before another, and the ranges of ids that are written anew among them. */
interface Run {
  readonly from: number;
  to: number;
  readonly ranges: IdRange[];
}

/** The row groups that hold a part which a range may touch. */
function runsOf(
  { list }: TableParts,
  ranges: readonly IdRange[],
  groups: readonly { readonly rows: number }[],
): readonly Run[] {
  const groupEnds = ends(groups.map(({ rows }) => rows)).slice(1);
  const groupOf = (row: number) => groupEnds.findIndex((end) => row < end);
  const runs: Run[] = [];
  for (const range of ranges) {
    const [first, end] = rowSpan(list, range);
    const [from, to] = [groupOf(first), groupOf(end - 1) + 1];
    const last = runs.at(-1);
    if (last && from <= last.to) {
      last.to = Math.max(last.to, to);
      last.ranges.push(range);
    } else runs.push({ from, to, ranges: [range] });
  }
  return runs;
}

/** Where each of some things of these lengths begins, and where the last ends. */
function ends(lengths: readonly number[]): number[] {
  let end = 0;
  return [0, ...lengths.map((length) => (end += length))];
}

/** Writes the file: runs by DuckDB, all other row groups as they are. @returns false where that gives no table */
async function writeRuns(
  duck: Duck,
  earlier: string,
  runs: readonly Run[],
  groups: readonly { readonly rows: number }[],
  rows: { readonly columns: string; readonly query: string },
  path: string,
): Promise<boolean> {
  const starts = ends(groups.map(({ rows }) => rows));
  const pieces: { file: string; group: number }[] = [];
  const take = (file: string, from: number, to: number) => {
    for (let group = from; group < to; group++) pieces.push({ file, group });
  };
  // Smaller groups cost less to exchange; but many of them make a file slow to open.
  const size = starts.at(-1)! < 2 * ROW_GROUP ? ROW_GROUP / 4 : ROW_GROUP;
  const files: string[] = [];
  let done = 0;
  try {
    for (const { from, to, ranges } of runs) {
      take(earlier, done, from);
      done = to;
      const file = `${path}.${files.length}`;
      files.push(file);
      const changed = inAny(ranges);
      const kept = `SELECT ${rows.columns} FROM ${numberedParquet(earlier)}
        WHERE file_row_number >= ${starts[from]} AND file_row_number < ${starts[to]} AND NOT ${changed}`;
      const anew = `SELECT ${rows.columns} FROM (${rows.query}) WHERE ${changed}`;
      // One group for one, a little longer or shorter: patch after patch must not leave ever smaller ones.
      await copyRows(
        duck,
        `SELECT * FROM (${kept} UNION ALL ${anew}) ORDER BY id`,
        file,
        to - from === 1 && groups[from]!.rows < 2 * size ? 2 * size : size,
      );
      take(file, 0, parquetGroups(file).length);
    }
    take(earlier, done, groups.length);
    if (pieces.length > 0) spliceParquet(path, pieces);
    return pieces.length > 0;
  } catch (error) {
    // Another version of DuckDB wrote the earlier one.
    if (error instanceof UnlikeFiles) return false;
    throw error;
  } finally {
    for (const file of files) rmSync(file, { force: true });
  }
}

/** Hashes the parts that a range may touch, and takes over the others. */
async function hashAnew(
  duck: Duck,
  { schema: sum, list }: TableParts,
  ranges: readonly IdRange[],
  schema: Schema,
  path: string,
): Promise<WrittenTable> {
  const parts: TablePart[] = [];
  let comparable = true;
  let done = 0;
  for (const [from, to] of spans(list, ranges, await startsLeft(duck, list, ranges, path))) {
    parts.push(...list.slice(done, from));
    done = to;
    const cutter = new PartCutter();
    await cutRows(duck, path, schema, cutter, {
      from: from === 0 ? "" : list[from]![0]!,
      to: list[to]?.[0] ?? undefined,
    });
    parts.push(...cutter.end());
    comparable &&= cutter.ordered;
  }
  parts.push(...list.slice(done));
  return tableOf(schema, { schema: sum, list: parts }, comparable);
}

/** Ids at which both a part and a range begin, of rows that are still there. */
async function startsLeft(
  duck: Duck,
  list: readonly TablePart[],
  ranges: readonly IdRange[],
  path: string,
): Promise<ReadonlySet<string>> {
  const firsts = new Set(list.map(([first]) => first));
  const starts = ranges.flatMap(({ from }) => (firsts.has(from) ? [sqlString(from)] : []));
  if (starts.length === 0) return new Set();
  const rows = await duck.all(`SELECT id FROM ${parquet(path)} WHERE id IN (${starts.join(", ")})`);
  return new Set(rows.map(({ id }) => String(id)));
}

/**
 * The parts to be cut anew, as spans that do not touch. Each begins with a row before its range, or the first in it that is
 * left, and ends at one that is not in it, both of which begin a part whatever stands before: there the cuts of old and new
 * rows are the same.
 */
function spans(
  list: readonly TablePart[],
  ranges: readonly IdRange[],
  left: ReadonlySet<string>,
): readonly (readonly [from: number, to: number])[] {
  const natural = ([first]: TablePart) => first !== null && beginsPart(first);
  const merged: [number, number][] = [];
  for (const range of ranges) {
    const stays = (first: string) => first < range.from || (first === range.from && left.has(first));
    const from = list.findLastIndex((part) => stays(part[0]!) && natural(part));
    const end = list.findIndex((part) => range.to !== undefined && part[0]! >= range.to && natural(part));
    const to = end < 0 ? list.length : end;
    const last = merged.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else merged.push([Math.max(0, from), to]);
  }
  return merged;
}
