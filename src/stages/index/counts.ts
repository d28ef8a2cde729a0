import type { StageContext } from "../../contract/stage.js";
import { type Duck, parquet } from "../../core/duck.js";
import { type Earlier, type IdRange, isMuch, soundParts } from "../../core/tables/parts.js";
import { inAny } from "../../core/tables/rows.js";
import { copyRows, ROW_GROUP } from "../../core/tables/write.js";
import { inputHashes, keep, keepTable, keptTable, nameOf, readKept } from "../kept.js";
import type { Params } from "./schema.js";

/** What was counted last, and where the labels have changed since. */
interface Last {
  readonly counts: string;
  readonly labels: Earlier;
  readonly changed: readonly IdRange[];
}

/**
 * Makes the table `tag_count`(tag, count: the images that carry it with at least `min_score`; a tag listed twice by an image
 * counts once). Where the last counts are known, what changed labels were is taken away from them, and what they are is added.
 */
export async function countTags(duck: Duck, context: StageContext): Promise<void> {
  const params = context.with as Params;
  const labels = context.inputs.labels!.path("labels.parquet");
  const last = findLast(context, params);
  const counts = last
    ? `SELECT tag, sum(count)::BIGINT AS count
       FROM (FROM ${parquet(last.counts)}
         UNION ALL ${counted(labels, params, inAny(last.changed), 1)}
         UNION ALL ${counted(last.labels.path, params, inAny(last.changed), -1)})
       GROUP BY tag HAVING sum(count) > 0`
    : counted(labels, params, "true", 1);
  await duck.run(`CREATE TABLE tag_count AS ${counts}`);
  const table = await keepTable(context.shared, (path) => copyRows(duck, "FROM tag_count", path, ROW_GROUP));
  keep(context.shared, nameOf("counts", params, inputHashes(context)), { table });
}

function findLast({ previous, shared }: StageContext, params: Params): Last | undefined {
  const changed = previous.changed("labels");
  // Its bytes are looked at: only where it is of use.
  const labels = changed && previous.input("labels");
  const parts = soundParts(labels?.table);
  if (!labels || !parts || isMuch(parts, changed)) return undefined;
  const kept = readKept(shared, nameOf("counts", params, previous.inputs)) as { table: string } | undefined;
  const counts = kept && keptTable(shared, kept.table);
  return counts === undefined ? undefined : { counts, labels, changed };
}

function counted(labels: string, { min_score }: Params, which: string, sign: 1 | -1): string {
  return `SELECT tag, ${sign} * count(*) AS count
    FROM (SELECT unnest(list_distinct(list_transform(list_filter(labels, x -> x.score >= ${min_score}), x -> x.tag))) AS tag
          FROM ${parquet(labels)} WHERE ${which})
    GROUP BY tag`;
}
