import { sqlString } from "../../../core/duck.js";
import type { Screening } from "./rule.js";

/** Scores carry 4 decimals: as whole ten-thousandths their sums are exact, in whatever order threads add them. */
const UNITS = 10_000;

/**
 * Takes tags of (nearly) constant score out of all label lists; their scores say nothing about the image.
 *
 * Over the n images that carry a tag: std = sqrt(n·Σs² − (Σs)²) / n (population standard deviation).
 */
export async function constantScores({ duck, params }: Screening): Promise<void> {
  const { enabled, max_std, min_images } = params.constant_scores;
  if (!enabled) return;
  await duck.run(`CREATE TABLE constant_tag AS
    SELECT tag, count(*) AS n, sum(s) AS total,
      sqrt((count(*) * sum(s * s) - sum(s) * sum(s))::DOUBLE) / count(*) / ${UNITS} AS std
    FROM (SELECT tag, round(score * ${UNITS})::BIGINT AS s
          FROM (SELECT unnest(labels, recursive := true) FROM current SEMI JOIN kept USING (id)))
    GROUP BY tag HAVING n >= ${min_images} AND std < ${max_std}`);
  await duck.run(`INSERT INTO dropped
    SELECT NULL, 'constant_scores', printf('tag %s: score %.4f ± %.4f on %d images', tag, total::DOUBLE / n / ${UNITS}, std, n)
    FROM constant_tag`);
  const tags = await duck.all("SELECT tag FROM constant_tag ORDER BY tag");
  if (tags.length === 0) return;
  const list = tags.map((row) => sqlString(String(row.tag))).join(", ");
  await duck.run(`CREATE OR REPLACE VIEW current AS
    SELECT id, list_filter(labels, x -> NOT list_contains([${list}], x.tag)) AS labels, raw FROM given`);
}
