import { type Duck, sqlString } from "../../../core/duck.js";
import type { Last } from "../last.js";
import { SCORE_UNITS } from "../tallies.js";
import type { Screening } from "./rule.js";

const FEW = 16;

/**
 * Takes tags of (nearly) constant score out of all label lists; their scores say nothing about the image.
 *
 * Over the n images that carry a tag: std = sqrt(n·Σs² − (Σs)²) / n (population standard deviation).
 */
export async function constantScores({ duck, params }: Screening): Promise<void> {
  const { enabled, max_std, min_images } = params.constant_scores;
  await duck.run(`CREATE TABLE constant_tag AS
    SELECT tag, n, total, sqrt((n * squares - total * total)::DOUBLE) / n / ${SCORE_UNITS} AS std
    FROM tag_count WHERE ${enabled} AND n >= ${min_images} AND std < ${max_std}`);
  await duck.run(`INSERT INTO dropped
    SELECT NULL, 'constant_scores', printf('tag %s: score %.4f ± %.4f on %d images', tag, total::DOUBLE / n / ${SCORE_UNITS}, std, n), NULL
    FROM constant_tag`);
  const tags = await constantTags(duck);
  if (tags.length === 0) return;
  await duck.run(`CREATE OR REPLACE VIEW current AS
    SELECT n, id, list_filter(labels, x -> ${await isNoneOf(duck, tags)}) AS labels, raw, len(labels) AS given FROM label`);
}

/** The tags that were taken out, after this rule. */
export async function constantTags(duck: Duck): Promise<readonly string[]> {
  return (await duck.all("SELECT tag FROM constant_tag ORDER BY tag")).map((row) => String(row.tag));
}

/** Whether the last screening took the same tags out. */
export async function sameTagsOut(duck: Duck, last: Last): Promise<boolean> {
  return JSON.stringify(await constantTags(duck)) === JSON.stringify(last.constant);
}

/** That x.tag is none of the tags. Few are compared one by one, many looked up in an enumeration: each where it is faster. */
async function isNoneOf(duck: Duck, tags: readonly string[]): Promise<string> {
  const list = tags.map(sqlString).join(", ");
  if (tags.length <= FEW) return `x.tag NOT IN (${list})`;
  await duck.run(`CREATE TYPE constant_name AS ENUM (${list})`);
  return "TRY_CAST(x.tag AS constant_name) IS NULL";
}
