import { StageError } from "../../contract/stage.js";
import { type Duck, numberedParquet, parquet } from "../../core/duck.js";
import type { IdRange } from "../../core/tables/parts.js";
import { inAny } from "../../core/tables/rows.js";
import { inOrderOf } from "../../core/tables/write.js";
import type { Params } from "./schema.js";

/** What `planSamples` found; the samples themselves are in the view `sample`. */
export interface SamplePlan {
  readonly tags: readonly string[];
  readonly size: { readonly width: number; readonly height: number };
  readonly counts: { readonly train: number; readonly holdout: number };
  readonly untagged: Untagged;
  /** Rows of labels without a row in images. */
  readonly unmatched: number;
}

/** Images left out because no tag of theirs is in the index: how many, and the smallest ids among them, up to `MOST_NAMED`. */
export interface Untagged {
  readonly count: number;
  readonly ids: readonly string[];
}

const MOST_NAMED = 100_000;

/** Paths of the input tables. */
export interface SampleTables {
  readonly images: string;
  readonly labels: string;
  readonly index: string;
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
  tables: SampleTables,
  scratch: string,
  params: Params,
): Promise<SamplePlan> {
  const labels = await inOrderOf(duck, "id", tables.labels, scratch);
  await matchSamples(duck, { ...tables, labels }, params);
  const counts = await countSides(duck, "divided");
  await defineSamples(duck, counts, params);
  return {
    tags: await tagsOf(duck, tables.index),
    size: await oneSize(duck),
    counts,
    untagged: await untaggedImages(duck),
    unmatched: await duck.value<number>(
      "SELECT (SELECT count(*) FROM target) - (SELECT count(*) FROM matched)",
    ),
  };
}

/** Of the images that are matched. */
export async function untaggedImages(duck: Duck): Promise<Untagged> {
  const images = "FROM matched JOIN target USING (n) WHERE NOT tagged";
  const ids: string[] = [];
  for await (const some of duck.streamText(`SELECT id ${images} ORDER BY id LIMIT ${MOST_NAMED}`))
    ids.push(...some);
  const all = ids.length < MOST_NAMED;
  return { count: all ? ids.length : await duck.value<number>(`SELECT count(*) ${images}`), ids };
}

/** The tags of an index, by position. */
export async function tagsOf(duck: Duck, index: string): Promise<readonly string[]> {
  return (await duck.all(`SELECT tag FROM ${parquet(index)} ORDER BY position`)).map((row) =>
    String(row.tag),
  );
}

/** The data set's tags.json. */
export function tagsText(tags: readonly string[]): string {
  return `${JSON.stringify(tags)}\n`;
}

/**
 * The tables `target` and `matched` and the view `divided`: what the rows of labels and images give.
 *
 * @param ranges only rows with these ids
 */
export async function matchSamples(
  duck: Duck,
  tables: SampleTables,
  params: Params,
  ranges?: readonly IdRange[],
): Promise<void> {
  const which = ranges ? inAny(ranges) : "true";
  await targets(duck, tables.labels, parquet(tables.index), which);
  await duck.run(`CREATE OR REPLACE TABLE matched AS
    SELECT t.n, i.blob, i.format, i.width, i.height, coalesce(len(t.labels) > 0, false) AS tagged,
      ${hash32("'split:' || t.group_id")} AS split_hash, ${hash32("'shard:' || t.id")} AS shard_hash
    FROM (FROM ${parquet(tables.images)} WHERE ${which}) i JOIN target t ON t.id = i.id`);
  await divide(duck, params);
}

/** The samples on each side in a table with the column `split`. */
export async function countSides(duck: Duck, from: string): Promise<SamplePlan["counts"]> {
  const sides = await duck.all(`SELECT split, count(*) AS n FROM ${from} GROUP BY split`);
  const count = (side: string) => Number(sides.find((row) => row.split === side)?.n ?? 0);
  return { train: count("train"), holdout: count("holdout") };
}

/** The view `sample` of what is matched. @param counts of the whole data set */
export async function defineSamples(duck: Duck, counts: SamplePlan["counts"], params: Params): Promise<void> {
  const [train, holdout] = [counts.train, counts.holdout].map((n) => shardsOf(n, params));
  const of = `CASE split WHEN 'train' THEN ${train} ELSE ${holdout} END`;
  await duck.run(`CREATE OR REPLACE VIEW sample AS
    SELECT n, t.id, d.split, printf('shards/%s-%05d.tar', split, shard_hash % ${of}) AS shard, d.blob, d.format, t.labels
    FROM divided d JOIN target t USING (n)`);
}

/** How many shards a side of so many samples has. */
export function shardsOf(samples: number, params: Params): number {
  return params.shards ?? buckets(samples, params.samples_per_shard);
}

/**
 * The table `target`(n, id, group_id, labels): every image of the labels table with its soft targets by position. Tags
 * are looked up in an enumeration of the index, row by row: nothing is joined, grouped or sorted as a whole.
 */
async function targets(duck: Duck, labels: string, index: string, which: string): Promise<void> {
  const group = (await duck.columns(parquet(labels))).includes("group_id") ? "coalesce(group_id, id)" : "id";
  await duck.run("DROP TABLE IF EXISTS target");
  await duck.run("DROP TYPE IF EXISTS tag_name");
  await duck.run(`CREATE TYPE tag_name AS ENUM (SELECT tag FROM ${index} ORDER BY position)`);
  const position = "enum_code(TRY_CAST(x.tag AS tag_name))::BIGINT";
  // A score of -0 becomes 0: they are equal, but not written alike.
  const found = `list_sort(list_filter(list_transform(labels, x -> {'position': ${position}, 'score': x.score + 0}),
    x -> x.position IS NOT NULL))`;
  // A tag that an image lists twice counts once, with its higher score: of a position's entries the last.
  const twice = "len(found) > list_unique(list_transform(found, x -> x.position))";
  const last = "list_filter(found, (x, i) -> i = len(found) OR found[i + 1].position <> x.position)";
  await duck.run(`CREATE TABLE target AS
    SELECT n, id, group_id, CASE WHEN ${twice} THEN ${last} ELSE found END AS labels
    FROM (SELECT file_row_number AS n, id, ${group} AS group_id, ${found} AS found FROM ${numberedParquet(labels)} WHERE ${which})`);
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
    await duck.run(`CREATE OR REPLACE VIEW divided AS
      SELECT *, CASE WHEN split_hash < ${threshold} THEN 'holdout' ELSE 'train' END AS split
      FROM matched WHERE tagged`);
    return;
  }
  await duck.run(`CREATE OR REPLACE TABLE held_out AS
    SELECT group_id FROM (
      SELECT group_id, coalesce(sum(n) OVER (ORDER BY split_hash, group_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
      FROM (SELECT group_id, any_value(split_hash) AS split_hash, count(*) AS n
            FROM matched JOIN target USING (n) WHERE tagged GROUP BY group_id))
    WHERE before < ${count}`);
  await duck.run(`CREATE OR REPLACE VIEW divided AS
    SELECT m.*, CASE WHEN group_id IN (FROM held_out) THEN 'holdout' ELSE 'train' END AS split
    FROM matched m JOIN target USING (n) WHERE tagged`);
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
