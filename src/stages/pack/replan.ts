import { readFileSync } from "node:fs";
import type { StageContext } from "../../contract/stage.js";
import { type Duck, parquet } from "../../core/duck.js";
import { type Earlier, type IdRange, shareWithin, soundParts, unionOf } from "../../core/tables/parts.js";
import { inAny } from "../../core/tables/rows.js";
import {
  countSides,
  defineSamples,
  matchSamples,
  type SamplePlan,
  type SampleTables,
  shardsOf,
  tagsOf,
  tagsText,
} from "./plan.js";
import type { Params } from "./schema.js";

/** Where more of the samples may have changed they are planned anew. */
const MOST = 0.25;

/** A data set that differs from the last one in some ranges of ids. */
export interface Replanned {
  readonly plan: SamplePlan;
  readonly last: Earlier;
  readonly ranges: readonly IdRange[];
}

/**
 * Plans a data set from the last one and from those rows of images and labels that have changed since: the view `sample`
 * holds only the samples of these. undefined where that cannot be done: the tags have changed, or the number of
 * shards, or the split depends on all images.
 */
export async function replanSamples(
  duck: Duck,
  context: StageContext,
  tables: SampleTables,
  params: Params,
): Promise<Replanned | undefined> {
  const { previous } = context;
  const last = previous.table("dataset", "samples.parquet");
  const parts = soundParts(last?.table);
  const [images, labels] = [previous.changed("images"), previous.changed("labels")];
  if (!last || !parts || !images || !labels) return undefined;
  const tags = await tagsOf(duck, tables.index);
  // Their counts, which change with every image, are in no sample.
  const before = previous.file("dataset", "tags.json");
  if (before === undefined || readFileSync(before, "utf8") !== tagsText(tags)) return undefined;
  const ranges = unionOf([...images, ...labels]);
  if (params.holdout.count !== undefined || shareWithin(parts, ranges) > MOST) return undefined;
  const sizes = await duck.all(
    `SELECT width, height, count(*) AS n FROM ${parquet(tables.images)} i SEMI JOIN ${parquet(tables.labels)} l USING (id)
     GROUP BY ALL`,
  );
  const [size] = sizes;
  if (!size || sizes.length > 1) return undefined;
  await matchSamples(duck, tables, params, ranges);
  const kept = `FROM ${parquet(last.path)} WHERE NOT ${inAny(ranges)}`;
  const was = await countSides(duck, parquet(last.path));
  const counts = await countSides(duck, `(SELECT split ${kept} UNION ALL SELECT split FROM divided)`);
  const sides = ["train", "holdout"] as const;
  if (sides.some((side) => shardsOf(was[side], params) !== shardsOf(counts[side], params))) return undefined;
  await defineSamples(duck, counts, params);
  const matched = Number(size.n);
  const withoutTags = matched - counts.train - counts.holdout;
  const plan: SamplePlan = {
    tags,
    size: { width: Number(size.width), height: Number(size.height) },
    counts,
    withoutTags,
    examplesWithoutTags: withoutTags === 0 ? [] : await idsWithoutTags(duck, tables, kept),
    unmatched: (await duck.value<number>(`SELECT count(*) FROM ${parquet(tables.labels)}`)) - matched,
  };
  return { plan, last, ranges };
}

async function idsWithoutTags(duck: Duck, { images, labels }: SampleTables, kept: string): Promise<string[]> {
  const rows = await duck.all(
    `SELECT id FROM (SELECT id FROM ${parquet(labels)} l SEMI JOIN ${parquet(images)} i USING (id))
     ANTI JOIN (SELECT id ${kept} UNION ALL SELECT id FROM sample) USING (id) ORDER BY id LIMIT 5`,
  );
  return rows.map(({ id }) => String(id));
}
