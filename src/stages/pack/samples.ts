import type { StageContext } from "../../contract/stage.js";
import { type Duck, numberedParquet, parquet, sqlString } from "../../core/duck.js";
import { type LikeWritten, noteDiffering, writeLike } from "../../core/tables/like.js";
import type { Earlier, WrittenTable } from "../../core/tables/parts.js";
import { updateTable } from "../../core/tables/patch.js";
import { schemaOf, streamRows } from "../../core/tables/rows.js";
import { keepKeys, keptKeys } from "./kept.js";
import type { Replanned } from "./replan.js";
import { type Keys, ShardKeys } from "./shard-keys.js";

const SAMPLES = "SELECT * EXCLUDE (n) FROM sample";

/** The rows of some shards in a table of DuckDB. */
export interface Gathered {
  readonly table: string;
  readonly shards: ReadonlySet<string>;
}

interface WrittenSamples {
  readonly table: WrittenTable;
  readonly keys: Keys;
  /** Those that were read to make their keys anew. */
  readonly gathered?: Gathered;
}

/**
 * Writes samples.parquet and tells the key of each shard's content; what the last result holds of both is taken over.
 *
 * @param replanned where `sample` holds only what may have changed
 */
export async function writeSamples(
  duck: Duck,
  context: StageContext,
  path: string,
  replanned: Replanned | undefined,
): Promise<WrittenSamples> {
  const last = context.previous.table("dataset", "samples.parquet");
  const all = new ShardKeys();
  const { table, patched } = replanned
    ? await update(duck, replanned, path)
    : await writeLike(duck, last, SAMPLES, path, (row) => all.add(row));
  const kept = patched && last ? keptKeys(context.shared, last.table) : undefined;
  const made =
    kept && last
      ? await updated(duck, kept, last, path)
      : { keys: patched ? await keysOf(duck, path, numberedParquet(path)) : all.digests() };
  keepKeys(context.shared, table, made.keys);
  return { table, ...made };
}

async function update(duck: Duck, { last, ranges }: Replanned, path: string): Promise<LikeWritten> {
  await noteDiffering(duck, last, SAMPLES, [ranges]);
  return { table: await updateTable(duck, last, ranges, SAMPLES, path), patched: true };
}

/** The keys of a table like an earlier one: only shards that a row has come to, or gone from, are read. */
async function updated(
  duck: Duck,
  known: Keys,
  last: Earlier,
  path: string,
): Promise<Omit<WrittenSamples, "table">> {
  const rows = [last.path, path].map(
    (file) => `SELECT shard FROM ${parquet(file)} s SEMI JOIN differing USING (id)`,
  );
  const shards = (await duck.all(rows.join(" UNION "))).map(({ shard }) => String(shard));
  if (shards.length === 0) return { keys: known };
  const named = shards.map(sqlString).join(", ");
  await duck.run(`CREATE TABLE gathered AS FROM ${numberedParquet(path)} WHERE shard IN (${named})`);
  const keys = new Map(known);
  for (const shard of shards) keys.delete(shard);
  for (const [shard, key] of await keysOf(duck, path, "gathered")) keys.set(shard, key);
  return {
    keys: new Map([...keys].sort(([a], [b]) => (a < b ? -1 : 1))),
    gathered: { table: "gathered", shards: new Set(shards) },
  };
}

/** @param rows of the file, with their `file_row_number`, as SQL */
async function keysOf(duck: Duck, path: string, rows: string): Promise<Keys> {
  const keys = new ShardKeys();
  await streamRows(duck, rows, await schemaOf(duck, `FROM ${parquet(path)}`), (row) => keys.add(row));
  return keys.digests();
}
