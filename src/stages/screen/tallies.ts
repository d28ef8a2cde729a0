import { parquet } from "../../core/duck.js";
import { inAny } from "../../core/tables/rows.js";
import { changedAround, idsOf, type Last } from "./last.js";
import type { Screening } from "./rules/rule.js";

/** Scores carry 4 decimals: as whole ten-thousandths their sums are exact, in whatever order threads add them. */
export const SCORE_UNITS = 10_000;

/** Bars of a chart of scores. */
export const SCORE_BARS = 20;

/** The number of the bar that a score falls into, in SQL. */
export const scoreBar = (score: string) =>
  `greatest(0, least(${SCORE_BARS - 1}, floor(${score} * ${SCORE_BARS})::INTEGER))`;

/**
 * The table `tag_count`(tag, before: images that carry it; n, total, squares: count, sum and sum of squares of its scores
 * in ten-thousandths over the images kept so far; a tag without a score is not among them).
 */
export async function countTags(screening: Screening): Promise<void> {
  const images =
    "(SELECT i.*, d.n IS NULL AS stays FROM image i LEFT JOIN (SELECT DISTINCT n FROM dropped) d USING (n))";
  const { labels, upon } = await toCount(screening, images, "stays");
  await screening.duck.run(`CREATE TABLE tag_count AS
    SELECT tag, sum(before)::BIGINT AS before, sum(n)::BIGINT AS n, sum(total) AS total, sum(squares) AS squares
    FROM (
      SELECT tag, sign AS before, counts AS n, counts * s AS total, counts * s * s AS squares
      FROM (SELECT tag, round(score * ${SCORE_UNITS})::BIGINT AS s, sign,
              CASE WHEN counts AND score IS NOT NULL THEN sign ELSE 0 END AS counts
            FROM (SELECT unnest(labels, recursive := true), counts, sign FROM (${labels})))
      ${upon ? `UNION ALL SELECT tag, before, n, total::HUGEINT, squares::HUGEINT FROM ${parquet(upon.tags)}` : ""})
    GROUP BY tag HAVING sum(before) > 0`);
}

/**
 * The table `tag_bar`(tag, bar: that of its score; before: labels with it; after: those of them whose
 * image stays).
 */
export async function countBars(screening: Screening): Promise<void> {
  const { labels, upon } = await toCount(screening, "outcome", "kept");
  await screening.duck.run(`CREATE TABLE tag_bar AS
    SELECT tag, bar, sum(before)::BIGINT AS before, sum(after)::BIGINT AS after
    FROM (
      SELECT tag, ${scoreBar("score")} AS bar, sign AS before, CASE WHEN counts THEN sign ELSE 0 END AS after
      FROM (SELECT unnest(labels, recursive := true), counts, sign FROM (${labels}))
      ${upon ? `UNION ALL FROM ${parquet(upon.bars)}` : ""})
    GROUP BY tag, bar HAVING sum(before) > 0`);
}

/**
 * The labels to be counted: (labels, counts, sign). Upon what the last screening counted, only the images that have changed
 * or are counted otherwise now: with sign 1 as they are, with −1 as they were.
 *
 * @param images all images with a column that says whether they count, as SQL
 */
async function toCount(
  { duck, last }: Screening,
  images: string,
  column: "stays" | "kept",
): Promise<{ readonly labels: string; readonly upon?: Last }> {
  const now = (which: string) =>
    `SELECT labels, i.${column} AS counts, 1 AS sign
     FROM (FROM label WHERE ${which}) l JOIN (FROM ${images} WHERE shown AND ${which}) i USING (n)`;
  const ids = last && (await idsOf(duck, `SELECT n FROM ${images} WHERE was_${column} <> ${column}`));
  const ranges = last && ids && changedAround(last, ids);
  if (!ranges) return { labels: now("true") };
  const which = inAny(ranges);
  const before = `SELECT labels, i.${column}, -1
    FROM (FROM ${parquet(last.labels.path)} WHERE ${which}) l JOIN (FROM ${parquet(last.images)} WHERE shown AND ${which}) i USING (id)`;
  return { labels: `${now(which)} UNION ALL ${before}`, upon: last };
}
