import { type Duck, sqlString } from "../../core/duck.js";
import { type Histogram, histograms } from "./histograms.js";
import { RULES, type RuleName, type Screening } from "./rules/rule.js";
import { countBars } from "./tallies.js";

/** Something a rule took out: an image, or a tag (`id` is null). */
export interface Example {
  readonly id: string | null;
  readonly detail: string;
  /** An image's best tags with their scores. */
  readonly tags: readonly { readonly tag: string; readonly score: number }[];
  /** The image that it is alike to, and that stays. */
  readonly other: string | null;
}

export interface Summary {
  readonly images: { readonly before: number; readonly after: number };
  readonly rules: readonly {
    readonly name: RuleName;
    /** Images dropped; for constant_scores, tags. */
    readonly count: number;
    readonly examples: readonly Example[];
  }[];
  readonly histograms: readonly Histogram[];
}

/** Examples shown for each rule; dropped.parquet has all. */
const EXAMPLES = 8;

/** Tags shown of an example. */
const TAGS = 5;

/** Counts for the report and the metrics, after all rules. */
export async function summarise(screening: Screening): Promise<Summary> {
  const { duck, predictions } = screening;
  await countBars(screening);
  const counts = new Map(
    (await duck.all("SELECT rule, count(*) AS n FROM dropped GROUP BY rule")).map((row) => [
      String(row.rule),
      Number(row.n),
    ]),
  );
  const rules = [];
  for (const name of RULES) {
    const count = counts.get(name) ?? 0;
    rules.push({ name, count, examples: count === 0 ? [] : await examplesOf(duck, name) });
  }
  return {
    images: {
      before: await duck.value<number>("SELECT count(*) FROM image"),
      after: await duck.value<number>("SELECT count(*) FROM outcome WHERE kept"),
    },
    rules,
    histograms: await histograms(duck, predictions !== undefined),
  };
}

async function examplesOf(duck: Duck, rule: RuleName): Promise<readonly Example[]> {
  // The worst labels first; of what has no worst, the smallest ids.
  const order = rule === "label_quality" ? "detail, n" : "n, detail";
  const rows = await duck.all(
    `SELECT id, detail, other FROM named WHERE rule = '${rule}' ORDER BY ${order} LIMIT ${EXAMPLES}`,
  );
  const tags = await bestTags(
    duck,
    rows.flatMap(({ id }) => (id === null ? [] : [String(id)])),
  );
  return rows.map((row) => ({
    id: row.id as string | null,
    detail: String(row.detail),
    other: row.other as string | null,
    tags: tags.get(row.id as string) ?? [],
  }));
}

/** By id. The ids are named one by one, so that only their row groups are read. */
async function bestTags(duck: Duck, ids: readonly string[]): Promise<ReadonlyMap<string, Example["tags"]>> {
  if (ids.length === 0) return new Map();
  const rows = await duck.all(
    `SELECT id, list_filter(labels, x -> x.score IS NOT NULL)[:${TAGS}] AS tags FROM label WHERE id IN (${ids.map(sqlString).join(", ")})`,
  );
  return new Map(rows.map(({ id, tags }) => [String(id), tags as unknown as Example["tags"]]));
}
