import type { StageContext } from "../../contract/stage.js";
import { writeLike } from "../../core/tables/like.js";
import { partsAround, soundParts, unionOf, type WrittenTable } from "../../core/tables/parts.js";
import { patchRows, patchTable } from "../../core/tables/patch.js";
import { inAny } from "../../core/tables/rows.js";
import { copyRows, ROW_GROUP } from "../../core/tables/write.js";
import { changedAround, idsOf } from "./last.js";
import { sameTagsOut } from "./rules/constant.js";
import type { Screening } from "./rules/rule.js";

/** What is kept of each row of the labels for the next screening. */
const KEPT_COLUMNS =
  "id, shown, picture, hash, unsafe, few, many, digest, given, remaining, stays, kept, group_id";

/**
 * After all rules, the view `outcome`: `measure` with what became of each image. stays: it was left when the tags were counted;
 * kept: it is left; group_id: where that is another image's id. The table `named`: `dropped` with the images' ids. And the table
 * `turned`(n, in_labels): the unchanged images that something else has become of than in the last screening; in_labels: so that
 * labels.parquet shows it.
 */
export async function settle({ duck, last }: Screening): Promise<void> {
  await duck.run(`CREATE TABLE name AS
    SELECT n, id FROM image SEMI JOIN (SELECT n FROM dropped UNION ALL SELECT other FROM dropped UNION ALL SELECT root FROM grouped) USING (n)`);
  await duck.run(`CREATE TABLE named AS
    SELECT d.n, l.id, d.rule, d.detail || coalesce(o.id, '') AS detail, o.id AS other
    FROM dropped d LEFT JOIN name l ON l.n = d.n LEFT JOIN name o ON o.n = d.other`);
  await duck.run(`CREATE TABLE gone AS
    SELECT n, bool_or(rule IN ('unsafe', 'exact_duplicates', 'near_duplicates')) AS early
    FROM dropped WHERE n IS NOT NULL GROUP BY n`);
  await duck.run(`CREATE TABLE in_group AS
    SELECT g.n, l.id AS group_id FROM grouped g JOIN name l ON l.n = g.root`);
  await duck.run(`CREATE VIEW outcome AS
    SELECT m.*, shown AND NOT coalesce(early, false) AS stays, shown AND g.n IS NULL AS kept, group_id
    FROM measure m LEFT JOIN gone g USING (n) LEFT JOIN in_group USING (n)`);
  if (!last) return;
  await duck.run(`CREATE TABLE turned AS
    SELECT n, was_kept <> kept OR kept AND was_group_id IS DISTINCT FROM group_id AS in_labels FROM outcome
    WHERE was_stays <> stays OR was_kept <> kept OR was_kept IS NOT NULL AND was_group_id IS DISTINCT FROM group_id`);
}

/** A score of -0 becomes 0: they are equal, but not written alike. */
const keptLabels = (which: string) =>
  `SELECT c.id, list_transform(c.labels, x -> struct_update(x, score := x.score + 0)) AS labels, c.raw,
     coalesce(o.group_id, c.id) AS group_id
   FROM (FROM current WHERE ${which}) c JOIN (FROM outcome WHERE kept AND ${which}) o USING (n)`;

/** Writes the labels of what stays; where the same tags were taken out before, only what may differ from the last ones. */
export async function writeKept(
  context: StageContext,
  { duck, last }: Screening,
  path: string,
): Promise<WrittenTable> {
  const earlier = context.previous.table("labels", "labels.parquet");
  const parts = soundParts(earlier?.table);
  if (last && earlier && parts && (await sameTagsOut(duck, last))) {
    const ids = await idsOf(duck, "SELECT n FROM turned WHERE in_labels");
    const ranges = ids && unionOf([...last.changed, ...partsAround(parts.list, ids)]);
    const patched = ranges && (await patchTable(duck, earlier, ranges, keptLabels(inAny(ranges)), path));
    if (patched) return patched;
  }
  return (await writeLike(duck, earlier, keptLabels("true"), path)).table;
}

/** Writes what is kept for the next screening, in the order of ids; of the last one what is the same is taken over. */
export async function writeOutcome({ duck, last }: Screening, path: string): Promise<void> {
  const rows = (which: string) => `SELECT ${KEPT_COLUMNS} FROM outcome WHERE ${which}`;
  if (last && (await sameTagsOut(duck, last))) {
    const ids = await idsOf(duck, "SELECT n FROM turned");
    const ranges = ids && changedAround(last, ids);
    const { parts } = last.labels;
    if (ranges) {
      const query = { columns: KEPT_COLUMNS, query: rows(inAny(ranges)) };
      if (await patchRows(duck, { path: last.images, parts }, ranges, query, path)) return;
    }
  }
  await copyRows(duck, `${rows("true")} ORDER BY n`, path, ROW_GROUP);
}
