import type { StageContext } from "../../contract/stage.js";
import { type Duck, numberedParquet, parquet } from "../../core/duck.js";
import { rowSpan } from "../../core/tables/parts.js";
import { inAny } from "../../core/tables/rows.js";
import { inOrderOf } from "../../core/tables/write.js";
import { findLast, type Last } from "./last.js";
import type { Screening } from "./rules/rule.js";
import { unsafeReason } from "./rules/unsafe.js";
import type { Params } from "./schema.js";

/** Sets up what rules/rule.ts describes. */
export async function openTables(duck: Duck, context: StageContext): Promise<Screening> {
  const params = context.with as Params;
  const images = parquet(context.inputs.images!.path("images.parquet"));
  const given = context.inputs.labels!.path("labels.parquet");
  const last = await findLast(duck, context);
  // Where it is known which ranges of ids have changed, they stand in their order.
  const labels = numberedParquet(last ? given : await inOrderOf(duck, "id", given, context.scratch));
  const hasSafeSearch = (await duck.columns(labels)).includes("safe_search");
  const hashed = (await duck.columns(images)).includes("dhash");
  if (!hashed && params.near_duplicates.enabled) {
    context.note("near duplicates were not looked for: the images have no `dhash` column (resize adds it)");
  }
  await duck.run(`CREATE VIEW label AS
    SELECT file_row_number::INTEGER AS n, id, labels, raw${hasSafeSearch ? ", safe_search" : ""} FROM ${labels}`);
  await duck.run("CREATE VIEW current AS SELECT n, id, labels, raw, len(labels) AS given FROM label");
  const hash = hashed ? "('0x' || dhash)::UBIGINT" : "NULL::UBIGINT";
  const unsafe = hasSafeSearch ? unsafeReason(params) : "NULL::VARCHAR";
  const which = last ? inAny(last.changed) : "true";
  await duck.run(`CREATE TABLE fresh (n INTEGER, id VARCHAR, shown BOOLEAN, picture UUID, hash UBIGINT, unsafe VARCHAR,
    few INTEGER, many INTEGER, digest UBIGINT, given INTEGER, remaining INTEGER)`);
  await duck.run(`INSERT INTO fresh BY NAME
    SELECT l.n, l.id, i.id IS NOT NULL AS shown, md5(blob)::UUID AS picture, ${hash} AS hash, ${unsafe} AS unsafe
    FROM (FROM label WHERE ${which}) l LEFT JOIN (FROM ${images} WHERE ${which}) i ON i.id = l.id`);
  await duck.run(
    `CREATE VIEW measure AS FROM fresh ${last ? `UNION ALL BY NAME ${await unchanged(duck, last)}` : ""}`,
  );
  await duck.run("CREATE VIEW image AS FROM measure WHERE shown");
  await duck.run("CREATE TABLE dropped (n INTEGER, rule VARCHAR, detail VARCHAR, other INTEGER)");
  await duck.run("CREATE VIEW kept AS SELECT * FROM image ANTI JOIN dropped USING (n)");
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
    hashed,
    predictions: predictions && {
      scores: predictions.path("predictions.parquet"),
      tags: predictions.path("tags.parquet"),
    },
    last,
    note: (message) => context.note(message),
  };
}

/** What the last screening found of the rows of labels that have not changed, each at its present place, as SQL. */
async function unchanged(duck: Duck, { changed, labels, images }: Last): Promise<string> {
  const range = `CASE ${changed.map((one, i) => `WHEN ${inAny([one])} THEN ${i}`).join(" ")} END`;
  const counts = await duck.all(
    `SELECT ${range} AS range, count(*) AS rows FROM label WHERE ${inAny(changed)} GROUP BY range`,
  );
  const now = new Map(counts.map(({ range, rows }) => [Number(range), Number(rows)]));
  const spans = changed.map((one) => rowSpan(labels.parts.list, one));
  // By how many rows those behind a range have moved.
  let shift = 0;
  const shifts = spans.map(([first, end], i) => {
    shift += (now.get(i) ?? 0) - (end - first);
    return `WHEN file_row_number >= ${end} THEN ${shift}`;
  });
  const within = spans.map(([first, end]) => `file_row_number >= ${first} AND file_row_number < ${end}`);
  return `SELECT (file_row_number + CASE ${shifts.reverse().join(" ")} ELSE 0 END)::INTEGER AS n,
      * EXCLUDE (file_row_number, stays, kept, group_id), stays AS was_stays, kept AS was_kept, group_id AS was_group_id
    FROM ${numberedParquet(images)} WHERE NOT (${within.join(" OR ")})`;
}
