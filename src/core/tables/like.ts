import { type Duck, parquet, sqlName } from "../duck.js";
import {
  type Earlier,
  type IdRange,
  partsAround,
  soundParts,
  type TablePart,
  type WrittenTable,
} from "./parts.js";
import { patchTable } from "./patch.js";
import { inAny, type Schema, schemaOf, schemaSum } from "./rows.js";
import { writeOrdered } from "./write.js";

/** Where more rows differ it is not worth knowing which. */
const MOST_DIFFERING = 100_000;

/** Parts that are compared at once. */
const PARTS_AT_ONCE = 64;

/** A table that was written, perhaps with parts of an earlier one. */
export interface LikeWritten {
  readonly table: WrittenTable;
  /**
   * True where something was taken over: the table `differing`(id) tells the rows that the earlier one has not, or other.
   */
  readonly patched: boolean;
}

/**
 * Writes a table in the order of its ids, and takes over from an earlier one what is the same: rows and content hash are
 * those of `writeTable`, the layout of the file may be another.
 *
 * @param query a SELECT without ORDER BY whose first column is `id`, unique; numbers in it are never -0, which is 0 to DuckDB
 * @param onRow called with each row as JSON, in order, where nothing is taken over
 */
export async function writeLike(
  duck: Duck,
  earlier: Earlier | undefined,
  query: string,
  path: string,
  onRow?: (json: string) => void,
): Promise<LikeWritten> {
  const ranges = earlier && (await differing(duck, earlier, query));
  const patched = ranges && (await patchTable(duck, earlier, ranges, query, path));
  // A row that stands twice, or has no id, is like none of the earlier table and yet not seen to differ from it.
  if (patched && patched.rows === (await duck.value<number>(`SELECT count(*) FROM (${query})`)))
    return { table: patched, patched: true };
  const table = await writeOrdered(duck, `SELECT * FROM (${query}) ORDER BY id`, path, onRow);
  return { table, patched: false };
}

/** The parts of an earlier table that hold a row which the query does not give, or would hold one that it gives. */
async function differing(
  duck: Duck,
  earlier: Earlier,
  query: string,
): Promise<readonly IdRange[] | undefined> {
  const parts = soundParts(earlier.table);
  const schema = await schemaOf(duck, query);
  if (!parts || schemaSum(schema) !== parts.schema) return undefined;
  const all = slices(parts.list).map((slice) => [slice]);
  await noteDiffering(duck, earlier, query, all, MOST_DIFFERING + 1);
  const ids = (await duck.all("SELECT id FROM differing ORDER BY id")).map(({ id }) => String(id));
  if (ids.length > MOST_DIFFERING) return undefined;
  return partsAround(parts.list, ids);
}

/**
 * Makes the table `differing`(id): the rows in some ranges that a query and an earlier table do not have in common.
 *
 * @param ranges apart from each other; the rows of each group of them have room in memory
 * @param most of each group so many at most
 */
export async function noteDiffering(
  duck: Duck,
  { path }: Earlier,
  query: string,
  ranges: readonly (readonly IdRange[])[],
  most?: number,
): Promise<void> {
  const columns = await schemaOf(duck, query);
  await duck.run("CREATE OR REPLACE TEMP TABLE differing (id VARCHAR)");
  for (const group of ranges) {
    const rows = (from: string) => `(SELECT * FROM ${from} WHERE ${inAny(group)})`;
    await duck.run(`INSERT INTO differing
      SELECT id FROM ${rows(`(${query})`)} now FULL JOIN ${rows(parquet(path))} was USING (id)
      WHERE ${anyDiffers(columns)} ${most === undefined ? "" : `LIMIT ${most}`}`);
  }
}

/** All ids in ranges of some hundred thousand rows: what a join of two tables holds in memory. */
function slices(list: readonly TablePart[]): readonly IdRange[] {
  const starts = list.filter((_, part) => part % PARTS_AT_ONCE === 0).map(([first]) => String(first));
  return starts.map((start, i) => ({ from: i === 0 ? "" : start, to: starts[i + 1] }));
}

function anyDiffers(schema: Schema): string {
  const columns = schema.map(([name]) => sqlName(name));
  return columns.map((name) => `now.${name} IS DISTINCT FROM was.${name}`).join(" OR ");
}
