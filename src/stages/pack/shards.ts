import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OutputFile, StageContext } from "../../contract/stage.js";
import { type Duck, type DuckRow, parquet, sqlString } from "../../core/duck.js";
import { extension, sampleKey } from "./names.js";
import type { Gathered } from "./samples.js";
import type { Keys } from "./shard-keys.js";
import { ShardWriter } from "./tar.js";

/** Blobs read ahead at once. */
const READ_AHEAD = 16;

/** {"id":…,"labels":[[position,score],…]}, made by DuckDB: as text it crosses to JavaScript far cheaper than as a list. */
const JSON_OF_SAMPLE =
  "to_json({'id': id, 'labels': list_transform(labels, x -> json_array(x.position, x.score))})::VARCHAR";

/**
 * Writes the shards of samples.parquet whose content is new; the others are named by the blob made before.
 *
 * @param keys shard path → key of its content
 * @param gathered the rows of some shards, where they have been read
 */
export async function writeShards(
  duck: Duck,
  context: StageContext,
  folder: string,
  keys: Keys,
  gathered?: Gathered,
): Promise<{ readonly reused: readonly OutputFile[]; readonly written: number }> {
  const reused: { path: string; blob: string }[] = [];
  const fresh: string[] = [];
  for (const [path, key] of keys) {
    const blob = context.memo.get(key);
    if (blob === undefined) fresh.push(path);
    else reused.push({ path, blob });
  }
  if (fresh.length > 0) {
    mkdirSync(join(folder, "shards"), { recursive: true });
    const rows =
      gathered && fresh.every((path) => gathered.shards.has(path))
        ? gathered.table
        : parquet(join(folder, "samples.parquet"));
    await writeFresh(duck, context, folder, rows, fresh, (path) =>
      context.memo.set(keys.get(path)!, "dataset", path),
    );
  }
  return { reused, written: fresh.length };
}

/** Writes the named shards in one pass over their samples, which stand in the order of the files. */
async function writeFresh(
  duck: Duck,
  context: StageContext,
  folder: string,
  rowsOf: string,
  paths: readonly string[],
  onShard: (path: string) => void,
): Promise<void> {
  await duck.run(
    `CREATE TABLE fresh AS SELECT unnest([${paths.map(sqlString).join(", ")}]::VARCHAR[]) AS shard`,
  );
  const samples = `FROM ${rowsOf} SEMI JOIN fresh USING (shard)`;
  const total = await duck.value<number>(`SELECT count(*) ${samples}`);
  let done = 0;
  let open: { path: string; tar: ShardWriter } | undefined;
  const finish = () => {
    if (!open) return;
    open.tar.close();
    onShard(open.path);
  };
  try {
    const rows = duck.stream(
      `SELECT id, blob, format, shard, ${JSON_OF_SAMPLE} AS json ${samples} ORDER BY shard, id`,
    );
    for await (const chunk of rows) {
      for (let at = 0; at < chunk.length; at += READ_AHEAD) {
        context.signal.throwIfAborted();
        const batch = chunk.slice(at, at + READ_AHEAD);
        const pictures = await Promise.all(batch.map((row) => context.blob(String(row.blob))));
        for (const [i, row] of batch.entries()) {
          if (row.shard !== open?.path) {
            finish();
            open = { path: String(row.shard), tar: new ShardWriter(join(folder, String(row.shard))) };
          }
          writeSample(open!.tar, row, pictures[i]!);
        }
        done += batch.length;
        context.progress(done, total, `${done} of ${total} samples`);
      }
    }
    finish();
  } catch (error) {
    open?.tar.destroy();
    throw error;
  }
}

function writeSample(tar: ShardWriter, row: DuckRow, picture: Buffer): void {
  const key = sampleKey(String(row.id));
  tar.add(`${key}.${extension(String(row.format))}`, picture);
  tar.add(`${key}.json`, Buffer.from(String(row.json)));
}
