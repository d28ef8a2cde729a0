import { type Duck, sqlString } from "../../../core/duck.js";
import { inAny } from "../../../core/tables/rows.js";
import type { Last } from "../last.js";
import type { Params } from "../schema.js";
import { sameTagsOut } from "./constant.js";
import type { Screening } from "./rule.js";

/**
 * Measures the label lists, in one pass: of each image, few and many: how many tags are strong enough for these rules; digest:
 * that of the tag set that `collapsed` sees, NULL for none; given and remaining: how many tags it came with, and has now.
 *
 * Equal sets have equal digests; the sum of 64-bit hashes makes it independent of the order of tags.
 */
export async function measureTagSets({ duck, params, last }: Screening): Promise<void> {
  const { few_tags, many_tags, collapsed } = params;
  const levels = [...new Set([few_tags, many_tags, collapsed].map((rule) => rule.min_score))];
  const at = (score: number) => `strong_${levels.indexOf(score)}`;
  const lists = levels.map((score) => `list_transform(${strong(score)}, x -> hash(x.tag)) AS ${at(score)}`);
  const table = await toMeasure(duck, last);
  const which = last && table === "fresh" ? inAny(last.changed) : "true";
  await duck.run(`UPDATE ${table} SET few = m.few, many = m.many, digest = m.digest, given = m.given, remaining = m.remaining
    FROM (
      SELECT n, len(${at(few_tags.min_score)}) AS few, len(${at(many_tags.min_score)}) AS many, given, remaining,
        (list_sum(${at(collapsed.min_score)}) % ${2n ** 64n})::UBIGINT AS digest
      FROM (SELECT n, given, len(labels) AS remaining, ${lists.join(", ")} FROM current WHERE ${which})) m
    WHERE m.n = ${table}.n`);
}

/** The table of what is to be measured: where other tags are out than in the last screening, all rows. */
async function toMeasure(duck: Duck, last: Last | undefined): Promise<string> {
  if (!last || (await sameTagsOut(duck, last))) return "fresh";
  await duck.run("CREATE TABLE every AS FROM measure");
  await duck.run("CREATE OR REPLACE VIEW measure AS FROM every");
  return "every";
}

/** Drops the images of every tag set that covers more than `max_share` of the images. */
export async function collapsedSets({ duck, params }: Screening): Promise<void> {
  const { enabled, max_share, min_score, min_images } = params.collapsed;
  if (!enabled) return;
  // Images without a tag are the business of few_tags.
  await duck.run(`CREATE TABLE collapsed_set AS
    SELECT digest, count(*) AS images, min(n) AS n FROM kept WHERE digest IS NOT NULL
    GROUP BY digest HAVING images >= ${min_images} AND images > ${max_share} * (SELECT count(*) FROM kept)`);
  const ids = (await duck.all("SELECT id FROM collapsed_set JOIN image USING (n)")).map(({ id }) =>
    String(id),
  );
  if (ids.length === 0) return;
  await duck.run(`INSERT INTO dropped
    SELECT t.n, 'collapsed', s.detail, NULL
    FROM kept t JOIN (
      SELECT digest, 'tag set of ' || images || ' images: ' ||
        array_to_string(list_sort(list_transform(${strong(min_score)}, x -> x.tag)), ', ') AS detail
      FROM collapsed_set JOIN (FROM current WHERE id IN (${ids.map(sqlString).join(", ")})) USING (n)) s USING (digest)`);
}

/** Drops images with fewer than `min_tags` strong tags. */
export async function fewTags({ duck, params }: Screening): Promise<void> {
  const { enabled, min_tags, min_score } = params.few_tags;
  if (!enabled) return;
  await duck.run(`INSERT INTO dropped
    SELECT n, 'few_tags', ${countOf("few", min_score)}, NULL
    FROM kept WHERE few < ${min_tags}`);
}

/** Drops images with more than `max_tags` strong tags: the teacher could not make up its mind. */
export async function manyTags({ duck, params }: Screening): Promise<void> {
  const { enabled, max_tags, min_score } = params.many_tags;
  if (!enabled) return;
  await duck.run(`INSERT INTO dropped
    SELECT n, 'many_tags', ${countOf("many", min_score)}, NULL
    FROM kept WHERE many > ${max_tags}`);
}

const strong = (min_score: Params["collapsed"]["min_score"]) =>
  `list_filter(labels, x -> x.score >= ${min_score})`;

const countOf = (column: string, min_score: number) =>
  `printf('%d tags with a score of %.4g or more', ${column}, ${min_score}::DOUBLE)`;
