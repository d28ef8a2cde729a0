import { readFileSync } from "node:fs";
import type { StageContext } from "../../contract/stage.js";
import { type Duck, parquet } from "../../core/duck.js";
import {
  type Earlier,
  type IdRange,
  shareWithin,
  soundParts,
  type TableParts,
  unionOf,
} from "../../core/tables/parts.js";
import { inAny } from "../../core/tables/rows.js";
import { lastMatched } from "./kept.js";
import {
  countSides,
  defineSamples,
  EXAMPLES,
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

/** So many parts of the last samples are looked through first for images without a tag. */
const FIRST_PARTS = 8;

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
  const facts = lastFacts(context);
  if (!facts) return undefined;
  const tags = await tagsOf(duck, tables.index);
  // Their counts, which change with every image, are in no sample.
  const before = previous.file("dataset", "tags.json");
  if (before === undefined || readFileSync(before, "utf8") !== tagsText(tags)) return undefined;
  const ranges = unionOf([...images, ...labels]);
  if (params.holdout.count !== undefined || shareWithin(parts, ranges) > MOST) return undefined;
  await matchSamples(duck, tables, params, ranges);
  const { size } = facts;
  const others = `width IS DISTINCT FROM ${size.width} OR height IS DISTINCT FROM ${size.height}`;
  if ((await duck.value<number>(`SELECT count(*) FROM matched WHERE ${others}`)) > 0) return undefined;
  const matched =
    facts.matched -
    (await countMatched(duck, facts, ranges)) +
    (await duck.value<number>("SELECT count(*) FROM matched"));
  const kept = `FROM ${parquet(last.path)} WHERE NOT ${inAny(ranges)}`;
  const was = await countSides(duck, parquet(last.path));
  const counts = await countSides(duck, `(SELECT split ${kept} UNION ALL SELECT split FROM divided)`);
  const sides = ["train", "holdout"] as const;
  if (sides.some((side) => shardsOf(was[side], params) !== shardsOf(counts[side], params))) return undefined;
  await defineSamples(duck, counts, params);
  const withoutTags = matched - counts.train - counts.holdout;
  const plan: SamplePlan = {
    tags,
    size,
    counts,
    withoutTags,
    examplesWithoutTags: await idsWithoutTags(duck, tables, kept, parts, Math.min(EXAMPLES, withoutTags)),
    matched,
    unmatched: (await duck.value<number>(`SELECT count(*) FROM ${parquet(tables.labels)}`)) - matched,
  };
  return { plan, last, ranges };
}

/** What was found when the last data set was made. */
interface LastFacts {
  /** Paths of the tables it was made from. */
  readonly images: string;
  readonly labels: string;
  /** Images that had a row in labels. */
  readonly matched: number;
  /** The size of all of them. */
  readonly size: SamplePlan["size"];
}

function lastFacts(context: StageContext): LastFacts | undefined {
  const { previous } = context;
  const [images, labels] = [previous.input("images"), previous.input("labels")];
  const matched = lastMatched(context);
  const facts = previous.file("dataset", "dataset.json");
  if (!images || !labels || matched === undefined || facts === undefined) return undefined;
  const { size } = JSON.parse(readFileSync(facts, "utf8")) as Pick<SamplePlan, "size">;
  return { images: images.path, labels: labels.path, matched, size };
}

async function countMatched(
  duck: Duck,
  { images, labels }: LastFacts,
  ranges: readonly IdRange[],
): Promise<number> {
  const rows = [images, labels].map((path) => `(SELECT id FROM ${parquet(path)} WHERE ${inAny(ranges)})`);
  return duck.value<number>(`SELECT count(*) FROM ${rows.join(" JOIN ")} USING (id)`);
}

/** The smallest ids of images without a tag, looked for from the smallest ids on, in ever longer runs. */
async function idsWithoutTags(
  duck: Duck,
  { images, labels }: SampleTables,
  kept: string,
  { list }: TableParts,
  wanted: number,
): Promise<readonly string[]> {
  let ids: readonly string[] = [];
  for (let end = FIRST_PARTS; ids.length < wanted; end *= 8) {
    const which = inAny([{ from: "", to: list[end]?.[0] ?? undefined }]);
    const rows = await duck.all(
      `SELECT id FROM (SELECT id FROM ${parquet(labels)} WHERE ${which}) SEMI JOIN (SELECT id FROM ${parquet(images)} WHERE ${which}) USING (id)
       ANTI JOIN (SELECT id ${kept} AND ${which} UNION ALL SELECT id FROM sample) USING (id) ORDER BY id LIMIT ${wanted}`,
    );
    ids = rows.map(({ id }) => String(id));
    if (end >= list.length) break;
  }
  return ids;
}
