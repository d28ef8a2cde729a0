import { StageError } from "../../contract/stage.js";
import { type Duck, type DuckRow, numberedParquet, parquet } from "../../core/duck.js";
import { inOrderOf } from "../../core/tables.js";
import type { Params } from "./schema.js";

/** What `planSamples` found; the samples themselves are in the view `sample`. */
export interface SamplePlan {
  readonly tags: readonly string[];
  readonly size: { readonly width: number; readonly height: number };
  readonly counts: { readonly train: number; readonly holdout: number };
  /** Images left out because no tag of theirs is in the index, and the ids of a few. */
  readonly withoutTags: number;
  readonly examplesWithoutTags: readonly string[];
  /** Rows of labels without a row in images. */
  readonly unmatched: number;
}

/**
 * Plans the data set inside DuckDB: the view `sample`(n, id, split, shard, blob, format, labels), where `n` follows the
 * order of ids.
 *
 * A sample's side and shard follow from hashes of ids alone: split from sha256("split:" + group id), bucket from
 * sha256("shard:" + id). So a new image moves none, unless the number of shards or a `count` asks for it.
 *
 * @throws StageError for images of several sizes, since a network has one
 */
export async function planSamples(
  duck: Duck,
  tables: { readonly images: string; readonly labels: string; readonly index: string },
  scratch: string,
  params: Params,
): Promise<SamplePlan> {
  const tags = (await duck.all(`SELECT tag FROM ${parquet(tables.index)} ORDER BY position`)).map((row) =>
    String(row.tag),
  );
  await targets(duck, await inOrderOf(duck, "id", tables.labels, scratch), parquet(tables.index));
  await duck.run(`CREATE TABLE matched AS
    SELECT t.n, i.blob, i.format, i.width, i.height, len(t.labels) > 0 AS tagged,
      ${hash32("'split:' || t.group_id")} AS split_hash, ${hash32("'shard:' || t.id")} AS shard_hash
    FROM ${parquet(tables.images)} i JOIN target t ON t.id = i.id`);
  await divide(duck, params);
  const sides = await duck.all("SELECT split, count(*) AS n FROM divided GROUP BY split");
  const count = (side: string) => Number(sides.find((row) => row.split === side)?.n ?? 0);
  await duck.run(`CREATE VIEW sample AS
    SELECT n, t.id, d.split, ${shardOf(sides, params)} AS shard, d.blob, d.format, t.labels
    FROM divided d JOIN target t USING (n)`);
  const without = "FROM matched JOIN target USING (n) WHERE NOT tagged";
  return {
    tags,
    size: await oneSize(duck),
    counts: { train: count("train"), holdout: count("holdout") },
    withoutTags: await duck.value<number>("SELECT count(*) FROM matched WHERE NOT tagged"),
    examplesWithoutTags: (await duck.all(`SELECT id ${without} ORDER BY id LIMIT 5`)).map((r) =>
      String(r.id),
    ),
    unmatched: await duck.value<number>(
      "SELECT (SELECT count(*) FROM target) - (SELECT count(*) FROM matched)",
    ),
  };
}

/**
 * The table `target`(n, id, group_id, labels): every image of the labels table with its soft targets by position. Tags
 * are looked up in an enumeration of the index, row by row: nothing is joined, grouped or sorted as a whole.
 */
async function targets(duck: Duck, labels: string, index: string): Promise<void> {
  const group = (await duck.columns(parquet(labels))).includes("group_id") ? "coalesce(group_id, id)" : "id";
  await duck.run(`CREATE TYPE tag_name AS ENUM (SELECT tag FROM ${index} ORDER BY position)`);
  const position = "enum_code(TRY_CAST(x.tag AS tag_name))::BIGINT";
  const found = `list_sort(list_filter(list_transform(labels, x -> {'position': ${position}, 'score': x.score}),
    x -> x.position IS NOT NULL))`;
  // A tag that an image lists twice counts once, with its higher score: of a position's entries the last.
  const twice = "len(found) > list_unique(list_transform(found, x -> x.position))";
  const last = "list_filter(found, (x, i) -> i = len(found) OR found[i + 1].position <> x.position)";
  await duck.run(`CREATE TABLE target AS
    SELECT n, id, group_id, CASE WHEN ${twice} THEN ${last} ELSE found END AS labels
    FROM (SELECT file_row_number AS n, id, ${group} AS group_id, ${found} AS found FROM ${numberedParquet(labels)})`);
}

/** The first 32 bits of a text's sha256, as a number. */
function hash32(text: string): string {
  return `('0x' || substr(sha256(${text}), 1, 8))::UINTEGER`;
}

/** The view `divided`, with the column `split`: by threshold, or the groups of smallest hash until there are `count`. */
async function divide(duck: Duck, params: Params): Promise<void> {
  const { share, count } = params.holdout;
  if (count === undefined) {
    const threshold = Math.round((share ?? 0) * 2 ** 32);
    await duck.run(`CREATE VIEW divided AS
      SELECT *, CASE WHEN split_hash < ${threshold} THEN 'holdout' ELSE 'train' END AS split
      FROM matched WHERE tagged`);
    return;
  }
  await duck.run(`CREATE TABLE held_out AS
    SELECT group_id FROM (
      SELECT group_id, coalesce(sum(n) OVER (ORDER BY split_hash, group_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
      FROM (SELECT group_id, any_value(split_hash) AS split_hash, count(*) AS n
            FROM matched JOIN target USING (n) WHERE tagged GROUP BY group_id))
    WHERE before < ${count}`);
  await duck.run(`CREATE VIEW divided AS
    SELECT m.*, CASE WHEN group_id IN (FROM held_out) THEN 'holdout' ELSE 'train' END AS split
    FROM matched m JOIN target USING (n) WHERE tagged`);
}

/** A sample's shard; each side has its own number of buckets. */
function shardOf(sides: readonly DuckRow[], params: Params): string {
  const cases = sides.map(
    ({ split, n }) => `WHEN '${split}' THEN ${params.shards ?? buckets(Number(n), params.samples_per_shard)}`,
  );
  const of = cases.length === 0 ? "1" : `CASE split ${cases.join(" ")} END`;
  return `printf('shards/%s-%05d.tar', split, shard_hash % ${of})`;
}

/** The smallest power of two of buckets that hold at most `most` samples each on average. */
export function buckets(samples: number, most: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(samples / most)));
}

async function oneSize(duck: Duck): Promise<SamplePlan["size"]> {
  const sizes = await duck.all(
    `SELECT width, height, images, id FROM (
       SELECT width, height, count(*) AS images, min(n) AS n FROM matched GROUP BY ALL
       ORDER BY images DESC, width, height LIMIT 3)
     JOIN target USING (n) ORDER BY images DESC, width, height`,
  );
  if (sizes.length > 1) {
    const seen = sizes.map((row) => `${row.width}×${row.height} (${row.images} images, e.g. ${row.id})`);
    throw new StageError(`the images differ in size: ${seen.join(", ")}`, {
      hint: "a network takes one size: put a resize stage before, and give its images to pack",
    });
  }
  const [size] = sizes;
  return { width: Number(size?.width ?? 0), height: Number(size?.height ?? 0) };
}
