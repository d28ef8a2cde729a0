import { readFileSync } from "node:fs";
import type { StageContext } from "../../contract/stage.js";
import { type Duck, parquet } from "../../core/duck.js";
import { type Earlier, type IdRange, isMuch, soundParts, unionOf } from "../../core/tables/parts.js";
import { inAny } from "../../core/tables/rows.js";
import { lastUntagged } from "./kept.js";
import {
  countSides,
  defineSamples,
  matchSamples,
  type SamplePlan,
  type SampleTables,
  shardsOf,
  tagsOf,
  tagsText,
  untaggedImages,
} from "./plan.js";
import type { Params } from "./schema.js";

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
  const before = lastUntagged(context);
  const facts = previous.file("dataset", "dataset.json");
  if (!before || facts === undefined) return undefined;
  const tags = await tagsOf(duck, tables.index);
  // Their counts, which change with every image, are in no sample.
  const lastTags = previous.file("dataset", "tags.json");
  if (lastTags === undefined || readFileSync(lastTags, "utf8") !== tagsText(tags)) return undefined;
  const ranges = unionOf([...images, ...labels]);
  if (params.holdout.count !== undefined || isMuch(parts, ranges)) return undefined;
  await matchSamples(duck, tables, params, ranges);
  const { size } = JSON.parse(readFileSync(facts, "utf8")) as Pick<SamplePlan, "size">;
  const others = `width IS DISTINCT FROM ${size.width} OR height IS DISTINCT FROM ${size.height}`;
  if ((await duck.value<number>(`SELECT count(*) FROM matched WHERE ${others}`)) > 0) return undefined;
  const kept = `FROM ${parquet(last.path)} WHERE NOT ${inAny(ranges)}`;
  const was = await countSides(duck, parquet(last.path));
  const counts = await countSides(duck, `(SELECT split ${kept} UNION ALL SELECT split FROM divided)`);
  const sides = ["train", "holdout"] as const;
  if (sides.some((side) => shardsOf(was[side], params) !== shardsOf(counts[side], params))) return undefined;
  await defineSamples(duck, counts, params);
  const unchanged = before.filter(
    (id) => !ranges.some(({ from, to }) => id >= from && (to === undefined || id < to)),
  );
  const changed = await untaggedImages(duck);
  const untagged = { count: unchanged.length + changed.count, ids: [...unchanged, ...changed.ids].sort() };
  const labelled = await duck.value<number>(`SELECT count(*) FROM ${parquet(tables.labels)}`);
  const plan: SamplePlan = {
    tags,
    size,
    counts,
    untagged,
    unmatched: labelled - counts.train - counts.holdout - untagged.count,
  };
  return { plan, last, ranges };
}
