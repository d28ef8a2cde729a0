import type { StageContext } from "../../contract/stage.js";
import { type Duck, parquet, sqlString } from "../../core/duck.js";
import { type LikeWritten, noteDiffering, writeLike } from "../../core/tables/like.js";
import type { Earlier, WrittenTable } from "../../core/tables/parts.js";
import { updateTable } from "../../core/tables/patch.js";
import { schemaOf, streamRows } from "../../core/tables/rows.js";
import { keepKeys, keptKeys } from "./kept.js";
import type { Replanned } from "./replan.js";
import { type Keys, ShardKeys } from "./shard-keys.js";

const SAMPLES = "SELECT * EXCLUDE (n) FROM sample";

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
): Promise<{ readonly table: WrittenTable; readonly keys: Keys }> {
  const last = context.previous.table("dataset", "samples.parquet");
  const all = new ShardKeys();
  const { table, patched } = replanned
    ? await update(duck, replanned, path)
    : await writeLike(duck, last, SAMPLES, path, (row) => all.add(row));
  const kept = patched && last ? keptKeys(context.shared, last.table) : undefined;
  const keys =
    kept && last
      ? await updated(duck, kept, last, path)
      : patched
        ? await keysOf(duck, path, "true")
        : all.digests();
  keepKeys(context.shared, table, keys);
  return { table, keys };
}

async function update(duck: Duck, { last, ranges }: Replanned, path: string): Promise<LikeWritten> {
  await noteDiffering(duck, last, SAMPLES, [ranges]);
  return { table: await updateTable(duck, last, ranges, SAMPLES, path), patched: true };
}

/** The keys of a table like an earlier one: only shards that a row has come to, or gone from, are read. */
async function updated(duck: Duck, known: Keys, last: Earlier, path: string): Promise<Keys> {
  const rows = [last.path, path].map(
    (file) => `SELECT shard FROM ${parquet(file)} s SEMI JOIN differing USING (id)`,
  );
  const shards = (await duck.all(`${rows.join(" UNION ")}`)).map(({ shard }) => String(shard));
  const keys = new Map(known);
  for (const shard of shards) keys.delete(shard);
  if (shards.length > 0) {
    const fresh = await keysOf(duck, path, `shard IN (${shards.map(sqlString).join(", ")})`);
    for (const [shard, key] of fresh) keys.set(shard, key);
  }
  return new Map([...keys].sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function keysOf(duck: Duck, path: string, condition: string): Promise<Keys> {
  const keys = new ShardKeys();
  await streamRows(duck, path, await schemaOf(duck, `FROM ${parquet(path)}`), condition, (row) =>
    keys.add(row),
  );
  return keys.digests();
}
