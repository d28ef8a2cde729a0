import { parquet } from "../../../core/duck.js";
import type { Screening } from "./rule.js";

/** Weight of the next worse score in the moving average: cleanlab's default. */
const ALPHA = 0.8;

/**
 * Judges labels by a student that never saw the images (eval's predictions of the held-out split), as cleanlab does for
 * several labels an image (`multilabel_classification.get_label_quality_scores`; Thyagarajan et al. 2022): for each tag
 * the self-confidence, p where the teacher gave the tag and 1 − p where not; of these, from the best to the worst, the
 * exponential moving average e ← 0.8·s + 0.2·e. With two classes to a tag cleanlab's normalised margin is the same number.
 *
 * predictions.parquet holds the student's best tags alone. Those that neither it names nor the teacher gave would have come
 * first in the average and hardly count; those the teacher gave and it does not name stand with the least score it names.
 *
 * Makes the table `quality`(n, quality), and drops images below `min_quality`.
 */
export async function labelQuality({ duck, params, predictions, note }: Screening): Promise<void> {
  if (!predictions) return;
  const { enabled, min_quality, positive_at } = params.label_quality;
  await duck.run(`CREATE TYPE known_tag AS ENUM (SELECT tag FROM ${parquet(predictions.tags)} ORDER BY tag)`);
  const given = `list_transform(
    list_filter(c.labels, x -> x.score >= ${positive_at} AND TRY_CAST(x.tag AS known_tag) IS NOT NULL), x -> x.tag)`;
  await duck.run(`CREATE TABLE quality AS
    SELECT n, list_reduce(list_sort(scores, 'DESC'), (e, s) -> ${ALPHA} * s + (1 - ${ALPHA}) * e) AS quality
    FROM (
      SELECT n, list_transform(predicted, x -> CASE WHEN list_contains(given, x.tag) THEN x.score ELSE 1 - x.score END) ||
        list_transform(list_filter(given, t -> NOT list_contains(named, t)), t -> least) AS scores
      FROM (
        SELECT *, list_transform(predicted, x -> x.tag) AS named,
          list_min(list_transform(predicted, x -> x.score)) AS least
        FROM (SELECT c.n, ${given} AS given, p.labels AS predicted
              FROM current c SEMI JOIN kept USING (n) JOIN ${parquet(predictions.scores)} p ON p.id = c.id)))
    WHERE len(scores) > 0`);
  const judged = await duck.value<number>("SELECT count(*) FROM quality");
  note(`label quality: ${judged} images are in the student's predictions; the others are not judged`);
  if (!enabled) return;
  await duck.run(`INSERT INTO dropped
    SELECT n, 'label_quality', printf('label quality %.4f', quality), NULL FROM quality WHERE quality < ${min_quality}`);
}
