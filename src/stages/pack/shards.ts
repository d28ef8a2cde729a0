import { createHash, type Hash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { OutputFile, StageContext } from "../../contract/stage.js";
import { type Duck, type DuckRow, sqlString } from "../../core/duck.js";
import { extension, sampleKey } from "./names.js";
import { ShardWriter } from "./tar.js";

/** Raised when the bytes of a shard change for the same samples: part of every shard's key. */
const SHARD_FORMAT = "pack-shard/1";

/** Blobs read ahead at once. */
const READ_AHEAD = 16;

/** Writes the shards of the table `sample` whose content is new; the others are named by the blob made before. */
export async function writeShards(
  duck: Duck,
  context: StageContext,
  folder: string,
): Promise<{ readonly reused: readonly OutputFile[]; readonly written: number }> {
  const keys = await shardKeys(duck);
  const reused: { path: string; blob: string }[] = [];
  const fresh: string[] = [];
  for (const [path, key] of keys) {
    const blob = context.memo.get(key);
    if (blob === undefined) fresh.push(path);
    else reused.push({ path, blob });
  }
  if (fresh.length > 0) {
    mkdirSync(join(folder, "shards"), { recursive: true });
    await writeFresh(duck, context, folder, fresh, (path) =>
      context.memo.set(keys.get(path)!, "dataset", path),
    );
  }
  return { reused, written: fresh.length };
}

/** Shard path → key of its content: sha256 over what goes in, sample by sample. */
async function shardKeys(duck: Duck): Promise<ReadonlyMap<string, string>> {
  const keys = new Map<string, string>();
  let path = "";
  let hash: Hash | undefined;
  const finish = () => {
    if (hash) keys.set(path, hash.digest("hex"));
  };
  const rows = duck.stream(
    `SELECT shard, sha256(CAST(to_json(struct_pack(id := id, blob := blob, format := format, labels := labels)) AS VARCHAR)) AS h
     FROM sample ORDER BY shard, id`,
  );
  for await (const chunk of rows) {
    for (const row of chunk) {
      if (row.shard !== path) {
        finish();
        path = String(row.shard);
        hash = createHash("sha256").update(`${SHARD_FORMAT}\n`);
      }
      hash!.update(`${row.h}\n`);
    }
  }
  finish();
  return keys;
}

/** Writes the named shards in one pass over their samples, which stand in the order of the files. */
async function writeFresh(
  duck: Duck,
  context: StageContext,
  folder: string,
  paths: readonly string[],
  onShard: (path: string) => void,
): Promise<void> {
  await duck.run(
    `CREATE TABLE fresh AS SELECT unnest([${paths.map(sqlString).join(", ")}]::VARCHAR[]) AS shard`,
  );
  const total = await duck.value<number>("SELECT count(*) FROM sample SEMI JOIN fresh USING (shard)");
  let done = 0;
  let open: { path: string; tar: ShardWriter } | undefined;
  const finish = async () => {
    if (!open) return;
    await open.tar.close();
    onShard(open.path);
  };
  try {
    const rows = duck.stream(
      "SELECT id, blob, format, labels, shard FROM sample SEMI JOIN fresh USING (shard) ORDER BY shard, id",
    );
    for await (const chunk of rows) {
      for (let at = 0; at < chunk.length; at += READ_AHEAD) {
        context.signal.throwIfAborted();
        const batch = chunk.slice(at, at + READ_AHEAD);
        const pictures = await Promise.all(batch.map((row) => context.blob(String(row.blob))));
        for (const [i, row] of batch.entries()) {
          if (row.shard !== open?.path) {
            await finish();
            open = { path: String(row.shard), tar: new ShardWriter(join(folder, String(row.shard))) };
          }
          await writeSample(open!.tar, row, pictures[i]!);
        }
        done += batch.length;
        context.progress(done, total, `${done} of ${total} samples`);
      }
    }
    await finish();
  } catch (error) {
    open?.tar.destroy();
    throw error;
  }
}

async function writeSample(tar: ShardWriter, row: DuckRow, picture: Buffer): Promise<void> {
  const id = String(row.id);
  const key = sampleKey(id);
  const labels = row.labels as readonly { position: number; score: number }[];
  const json = JSON.stringify({ id, labels: labels.map((label) => [label.position, label.score]) });
  await tar.add(`${key}.${extension(String(row.format))}`, picture);
  await tar.add(`${key}.json`, Buffer.from(json));
}
