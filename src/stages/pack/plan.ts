import { StageError } from "../../contract/stage.js";
import { type Duck, parquet, sqlString } from "../../core/duck.js";
import type { Params } from "./schema.js";

/** Images whose targets are gathered at once. */
const RUN = 100_000;

/** What `planSamples` found; the samples themselves are in the table `sample`. */
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
 * Plans the data set inside DuckDB, in the table `sample`(id, blob, format, labels, split, shard).
 *
 * A sample's side and shard follow from hashes of ids alone: split from sha256("split:" + group id), bucket from
 * sha256("shard:" + id). So a new image moves none, unless the number of shards or a `count` asks for it.
 *
 * @throws StageError for images of several sizes, since a network has one
 */
export async function planSamples(
  duck: Duck,
  tables: { readonly images: string; readonly labels: string; readonly index: string },
  params: Params,
): Promise<SamplePlan> {
  const images = parquet(tables.images);
  const labels = parquet(tables.labels);
  const tags = (await duck.all(`SELECT tag FROM ${parquet(tables.index)} ORDER BY position`)).map((row) =>
    String(row.tag),
  );
  const grouped = (await duck.columns(labels)).includes("group_id");
  await duck.run(`CREATE TABLE tag_position AS SELECT tag, position FROM ${parquet(tables.index)}`);
  await targets(duck, labels);
  await duck.run(`CREATE TABLE matched AS
    SELECT i.id, i.blob, i.format, i.width, i.height, ${grouped ? "coalesce(l.group_id, l.id)" : "l.id"} AS group_id
    FROM ${images} i JOIN ${labels} l ON l.id = i.id`);
  await split(duck, params);
  await shard(duck, params);
  const without = "FROM matched ANTI JOIN target USING (id)";
  const counts = await duck.all("SELECT split, count(*) AS n FROM sample GROUP BY split");
  const count = (side: string) => Number(counts.find((row) => row.split === side)?.n ?? 0);
  return {
    tags,
    size: await oneSize(duck),
    counts: { train: count("train"), holdout: count("holdout") },
    withoutTags: await duck.value<number>(`SELECT count(*) ${without}`),
    examplesWithoutTags: (await duck.all(`SELECT id ${without} ORDER BY id LIMIT 5`)).map((r) =>
      String(r.id),
    ),
    unmatched: await duck.value<number>(
      `SELECT (SELECT count(*) FROM ${labels}) - (SELECT count(*) FROM matched)`,
    ),
  };
}

/**
 * The table `target`(id, labels): soft targets by position, of the images that have any. Made in runs of ids, because
 * gathering lists is nothing that DuckDB can spill; labels.parquet is sorted by id, so a run reads its own part only.
 */
async function targets(duck: Duck, labels: string): Promise<void> {
  await duck.run("CREATE TABLE target (id VARCHAR, labels STRUCT(position BIGINT, score DOUBLE)[])");
  const starts = await duck.all(
    `SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM ${labels}) WHERE n % ${RUN} = 0 ORDER BY id`,
  );
  const bounds = [null, ...starts.map((row) => sqlString(String(row.id))), null];
  for (let i = 0; i + 1 < bounds.length; i++) {
    const from = bounds[i] === null ? "" : `AND id >= ${bounds[i]}`;
    const to = bounds[i + 1] === null ? "" : `AND id < ${bounds[i + 1]}`;
    await duck.run(`INSERT INTO target
      SELECT id, list({'position': position, 'score': score} ORDER BY position)
      FROM (SELECT id, position, max(score) AS score
            FROM (SELECT id, unnest(labels, recursive := true) FROM ${labels} WHERE true ${from} ${to})
            JOIN tag_position USING (tag) GROUP BY id, position)
      GROUP BY id`);
  }
}

/** The first 32 bits of a text's sha256, as a number. */
function hash32(text: string): string {
  return `('0x' || substr(sha256(${text}), 1, 8))::UBIGINT`;
}

/** The view `divided`, with the column `split`: by threshold, or the groups of smallest hash until there are `count`. */
async function split(duck: Duck, params: Params): Promise<void> {
  const { share, count } = params.holdout;
  await duck.run(`CREATE VIEW targeted AS
    SELECT id, blob, format, group_id, ${hash32("'split:' || group_id")} AS split_hash
    FROM matched WHERE id IN (SELECT id FROM target)`);
  if (count === undefined) {
    const threshold = Math.round((share ?? 0) * 2 ** 32);
    await duck.run(`CREATE VIEW divided AS
      SELECT *, CASE WHEN split_hash < ${threshold} THEN 'holdout' ELSE 'train' END AS split FROM targeted`);
    return;
  }
  await duck.run(`CREATE TABLE held_out AS
    SELECT group_id FROM (
      SELECT group_id, coalesce(sum(n) OVER (ORDER BY split_hash, group_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS before
      FROM (SELECT group_id, any_value(split_hash) AS split_hash, count(*) AS n FROM targeted GROUP BY group_id))
    WHERE before < ${count}`);
  await duck.run(`CREATE VIEW divided AS
    SELECT *, CASE WHEN group_id IN (FROM held_out) THEN 'holdout' ELSE 'train' END AS split FROM targeted`);
}

/** The table `sample`, with the column `shard`, in the order of shards; each side has its own number of buckets. */
async function shard(duck: Duck, params: Params): Promise<void> {
  const counts = await duck.all("SELECT split, count(*) AS n FROM divided GROUP BY split");
  const cases = counts.map(
    (row) => `WHEN '${row.split}' THEN ${params.shards ?? buckets(Number(row.n), params.samples_per_shard)}`,
  );
  const of = `CASE split ${cases.join(" ")} ELSE 1 END`;
  const bucket = cases.length === 0 ? "0" : `${hash32("'shard:' || id")} % (${of})::UBIGINT`;
  await duck.run(`CREATE TABLE placed AS
    SELECT id, blob, format, split, printf('shards/%s-%05d.tar', split, ${bucket}) AS shard FROM divided`);
  await duck.run(`CREATE TABLE sample AS
    SELECT p.*, t.labels FROM placed p JOIN target t ON t.id = p.id ORDER BY shard, p.id`);
  await duck.run("DROP TABLE placed");
}

/** The smallest power of two of buckets that hold at most `most` samples each on average. */
export function buckets(samples: number, most: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(samples / most)));
}

async function oneSize(duck: Duck): Promise<SamplePlan["size"]> {
  const sizes = await duck.all(
    "SELECT width, height, count(*) AS n, min(id) AS id FROM matched GROUP BY ALL ORDER BY n DESC, width, height LIMIT 3",
  );
  if (sizes.length > 1) {
    const seen = sizes.map((row) => `${row.width}×${row.height} (${row.n} images, e.g. ${row.id})`);
    throw new StageError(`the images differ in size: ${seen.join(", ")}`, {
      hint: "a network takes one size: put a resize stage before, and give its images to pack",
    });
  }
  const [size] = sizes;
  return { width: Number(size?.width ?? 0), height: Number(size?.height ?? 0) };
}
