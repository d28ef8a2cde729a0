import type { StageContext } from "../../contract/stage.js";
import { type Duck, numberedParquet, parquet } from "../../core/duck.js";
import { inOrderOf } from "../../core/tables/write.js";
import type { Screening } from "./rules/rule.js";
import type { Params } from "./schema.js";

/** Scores carry 4 decimals: as whole ten-thousandths their sums are exact, in whatever order threads add them. */
export const SCORE_UNITS = 10_000;

/** Sets up what rules/rule.ts describes. */
export async function openTables(duck: Duck, context: StageContext): Promise<Screening> {
  const params = context.with as Params;
  const images = parquet(context.inputs.images!.path("images.parquet"));
  const sorted = await inOrderOf(duck, "id", context.inputs.labels!.path("labels.parquet"), context.scratch);
  const labels = numberedParquet(sorted);
  const hasSafeSearch = (await duck.columns(labels)).includes("safe_search");
  const hashed = (await duck.columns(images)).includes("dhash");
  if (!hashed && params.near_duplicates.enabled) {
    context.note("near duplicates were not looked for: the images have no `dhash` column (resize adds it)");
  }
  await duck.run(`CREATE VIEW label AS
    SELECT file_row_number::INTEGER AS n, id, labels, raw${hasSafeSearch ? ", safe_search" : ""} FROM ${labels}`);
  await duck.run("CREATE VIEW current AS SELECT n, id, labels, raw FROM label");
  await duck.run(`CREATE TABLE image AS
    SELECT n, md5_number(blob) AS picture, ${hashed ? "('0x' || dhash)::UBIGINT" : "NULL::UBIGINT"} AS hash
    FROM ${images} JOIN (SELECT n, id FROM label) USING (id)`);
  await duck.run("CREATE TABLE dropped (n INTEGER, rule VARCHAR, detail VARCHAR, other INTEGER)");
  await duck.run(
    "CREATE VIEW kept AS SELECT * FROM image WHERE n NOT IN (SELECT n FROM dropped WHERE n IS NOT NULL)",
  );
  const unlabelled = await duck.value<number>(
    `SELECT (SELECT count(*) FROM ${images}) - (SELECT count(*) FROM image)`,
  );
  if (unlabelled > 0) context.note(`${unlabelled} images have no labels and are left out`);
  const predictions = context.inputs.predictions;
  return {
    duck,
    params,
    rows: await duck.value<number>("SELECT count(*) FROM label"),
    hasSafeSearch,
    predictions: predictions && {
      scores: predictions.path("predictions.parquet"),
      tags: predictions.path("tags.parquet"),
    },
    note: (message) => context.note(message),
  };
}

/**
 * The table `tag_count`(tag, before: images that carry it; n, total, squares: count, sum and sum of squares of its scores
 * in ten-thousandths over the images kept so far).
 */
export async function countTags({ duck }: Screening): Promise<void> {
  await duck.run(`CREATE TABLE tag_count AS
    SELECT tag, count(*) AS before, count(*) FILTER (stays) AS n, sum(s) FILTER (stays) AS total,
      sum(s * s) FILTER (stays) AS squares
    FROM (SELECT tag, round(score * ${SCORE_UNITS})::BIGINT AS s, stays
          FROM (SELECT unnest(labels, recursive := true), stays
                FROM label JOIN (SELECT i.n, k.n IS NOT NULL AS stays FROM image i LEFT JOIN kept k USING (n)) USING (n)))
    GROUP BY tag`);
}
