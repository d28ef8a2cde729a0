import type { Params } from "../schema.js";
import type { Screening } from "./rule.js";

/**
 * What the rules about an image's strong tags ask, in one pass over the labels: the table `tag_set`(n, few, many: counts of
 * tags strong enough for these rules; digest: that of the tag set that `collapsed` sees, NULL for none).
 *
 * Equal sets have equal digests; the sum of 64-bit hashes makes it independent of the order of tags.
 */
export async function measureTagSets({ duck, params }: Screening): Promise<void> {
  const { few_tags, many_tags, collapsed } = params;
  if (!few_tags.enabled && !many_tags.enabled && !collapsed.enabled) return;
  const levels = [...new Set([few_tags, many_tags, collapsed].map((rule) => rule.min_score))];
  const at = (score: number) => `strong_${levels.indexOf(score)}`;
  const lists = levels.map((score) => `list_transform(${strong(score)}, x -> hash(x.tag)) AS ${at(score)}`);
  await duck.run(`CREATE TABLE tag_set AS
    SELECT n, len(${at(few_tags.min_score)}) AS few, len(${at(many_tags.min_score)}) AS many,
      list_sum(${at(collapsed.min_score)}) AS digest
    FROM (SELECT n, ${lists.join(", ")} FROM current) SEMI JOIN kept USING (n)`);
}

/** Drops the images of every tag set that covers more than `max_share` of the images. */
export async function collapsedSets({ duck, params }: Screening): Promise<void> {
  const { enabled, max_share, min_score, min_images } = params.collapsed;
  if (!enabled) return;
  // Images without a tag are the business of few_tags.
  await duck.run(`CREATE TABLE collapsed_set AS
    SELECT digest, count(*) AS images, min(n) AS n FROM tag_set SEMI JOIN kept USING (n) WHERE digest IS NOT NULL
    GROUP BY digest HAVING images >= ${min_images} AND images > ${max_share} * (SELECT count(*) FROM kept)`);
  await duck.run(`INSERT INTO dropped
    SELECT t.n, 'collapsed', s.detail, NULL
    FROM tag_set t SEMI JOIN kept USING (n) JOIN (
      SELECT digest, 'tag set of ' || images || ' images: ' ||
        array_to_string(list_sort(list_transform(${strong(min_score)}, x -> x.tag)), ', ') AS detail
      FROM collapsed_set JOIN current USING (n)) s USING (digest)`);
}

/** Drops images with fewer than `min_tags` strong tags. */
export async function fewTags({ duck, params }: Screening): Promise<void> {
  const { enabled, min_tags, min_score } = params.few_tags;
  if (!enabled) return;
  await duck.run(`INSERT INTO dropped
    SELECT n, 'few_tags', ${countOf("few", min_score)}, NULL
    FROM tag_set SEMI JOIN kept USING (n) WHERE few < ${min_tags}`);
}

/** Drops images with more than `max_tags` strong tags: the teacher could not make up its mind. */
export async function manyTags({ duck, params }: Screening): Promise<void> {
  const { enabled, max_tags, min_score } = params.many_tags;
  if (!enabled) return;
  await duck.run(`INSERT INTO dropped
    SELECT n, 'many_tags', ${countOf("many", min_score)}, NULL
    FROM tag_set SEMI JOIN kept USING (n) WHERE many > ${max_tags}`);
}

const strong = (min_score: Params["collapsed"]["min_score"]) =>
  `list_filter(labels, x -> x.score >= ${min_score})`;

const countOf = (column: string, min_score: number) =>
  `printf('%d tags with a score of %.4g or more', ${column}, ${min_score}::DOUBLE)`;
