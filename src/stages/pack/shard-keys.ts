import { createHash, type Hash } from "node:crypto";

/** Raised when the bytes of a shard change for the same samples: part of every shard's key. */
export const SHARD_FORMAT = "pack-shard/2";

/** Shard path → key of its content, in the order of paths. */
export type Keys = ReadonlyMap<string, string>;

/** Rows of a shard that are hashed at once: each call costs more than a row. */
const AT_ONCE = 32;

const FIELD = '"shard":"';

/** Makes the key of each shard's content, sha256 over its rows of samples.parquet as JSON, in one pass over the table. */
export class ShardKeys {
  private readonly shards = new Map<string, { readonly hash: Hash; rows: string[] }>();

  /** Takes the next row: JSON, in the order of ids. */
  add(row: string): void {
    // The quotes of a value that held the same text would be escaped.
    const at = row.indexOf(FIELD) + FIELD.length;
    const path = row.slice(at, row.indexOf('"', at));
    let shard = this.shards.get(path);
    if (!shard) {
      shard = { hash: createHash("sha256").update(`${SHARD_FORMAT}\n`), rows: [] };
      this.shards.set(path, shard);
    }
    shard.rows.push(row);
    if (shard.rows.length === AT_ONCE) flush(shard);
  }

  /** No row may be added after. */
  digests(): Keys {
    return new Map(
      [...this.shards.keys()].sort().map((path) => {
        const shard = this.shards.get(path)!;
        flush(shard);
        return [path, shard.hash.digest("hex")];
      }),
    );
  }
}

function flush(shard: { readonly hash: Hash; rows: string[] }): void {
  if (shard.rows.length > 0) shard.hash.update(`${shard.rows.join("\n")}\n`);
  shard.rows = [];
}
