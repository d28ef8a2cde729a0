import { SCORE_UNITS } from "../tables.js";
import type { Screening } from "./rule.js";

/**
 * Takes tags of (nearly) constant score out of all label lists; their scores say nothing about the image.
 *
 * Over the n images that carry a tag: std = sqrt(n·Σs² − (Σs)²) / n (population standard deviation).
 */
export async function constantScores({ duck, params }: Screening): Promise<void> {
  const { enabled, max_std, min_images } = params.constant_scores;
  if (!enabled) return;
  await duck.run(`CREATE TABLE constant_tag AS
    SELECT tag, n, total, sqrt((n * squares - total * total)::DOUBLE) / n / ${SCORE_UNITS} AS std
    FROM tag_count WHERE n >= ${min_images} AND std < ${max_std}`);
  await duck.run(`INSERT INTO dropped
    SELECT NULL, 'constant_scores', printf('tag %s: score %.4f ± %.4f on %d images', tag, total::DOUBLE / n / ${SCORE_UNITS}, std, n), NULL
    FROM constant_tag`);
  if ((await duck.value<number>("SELECT count(*) FROM constant_tag")) === 0) return;
  // Looked up in an enumeration: an anti-join would take the lists apart and put them together again.
  await duck.run("CREATE TYPE constant_name AS ENUM (SELECT tag FROM constant_tag ORDER BY tag)");
  await duck.run(`CREATE OR REPLACE VIEW current AS
    SELECT n, id, list_filter(labels, x -> TRY_CAST(x.tag AS constant_name) IS NULL) AS labels, raw FROM label`);
}
