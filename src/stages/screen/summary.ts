import type { Duck } from "../../core/duck.js";
import { RULES, type RuleName, type Screening } from "./rules/rule.js";

/** Counts of a quantity before and after screening, bar by bar. */
export interface Histogram {
  readonly title: string;
  readonly bars: readonly Bar[];
}

export interface Bar {
  readonly label: string;
  readonly before: number;
  readonly after: number;
}

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

/** The last bar of tags per image stands for this many and more. */
const MOST_TAGS = 30;

/** Tags in the chart of the most frequent ones. */
const TOP_TAGS = 25;

/**
 * Counts for the report and the metrics, after all rules.
 *
 * @param kept the written labels.parquet, as SQL
 */
export async function summarise(screening: Screening, kept: string): Promise<Summary> {
  const { duck, predictions } = screening;
  await duck.run("CREATE VIEW given AS SELECT labels FROM label SEMI JOIN image USING (n)");
  await duck.run(`CREATE VIEW remaining AS SELECT labels FROM read_parquet(${kept})`);
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
  const histograms = [await tagsPerImage(duck), await scores(duck), await topTags(duck)];
  return {
    images: {
      before: await duck.value<number>("SELECT count(*) FROM image"),
      after: await duck.value<number>("SELECT count(*) FROM remaining"),
    },
    rules,
    histograms: predictions ? [...histograms, await qualities(duck)] : histograms,
  };
}

async function examplesOf(duck: Duck, rule: RuleName): Promise<readonly Example[]> {
  // The worst labels first; of what has no worst, the smallest ids.
  const order = rule === "label_quality" ? "detail, l.n" : "l.n, detail";
  const rows = await duck.all(
    `SELECT l.id, d.detail || coalesce(o.id, '') AS detail, o.id AS other, l.labels[:${TAGS}] AS tags
     FROM dropped d LEFT JOIN label l ON l.n = d.n LEFT JOIN label o ON o.n = d.other
     WHERE rule = '${rule}' ORDER BY ${order} LIMIT ${EXAMPLES}`,
  );
  return rows.map((row) => ({
    id: row.id as string | null,
    detail: String(row.detail),
    other: row.other as string | null,
    tags: (row.tags ?? []) as Example["tags"],
  }));
}

async function tagsPerImage(duck: Duck): Promise<Histogram> {
  const counts = await both(duck, (from) => `SELECT least(len(labels), ${MOST_TAGS}) AS bar FROM ${from}`);
  const most = Math.max(0, ...counts.keys());
  return {
    title: "Tags per image",
    bars: barsOf(counts, most + 1, (bar) => (bar === MOST_TAGS ? `${bar}+` : String(bar))),
  };
}

async function scores(duck: Duck): Promise<Histogram> {
  const counts = await both(
    duck,
    (from) =>
      `SELECT ${twentieth("score")} AS bar FROM (SELECT unnest(labels, recursive := true) FROM ${from})`,
  );
  return { title: "Scores", bars: barsOf(counts, 20, (bar) => (bar / 20).toFixed(2)) };
}

async function topTags(duck: Duck): Promise<Histogram> {
  const rows = await duck.all(
    `SELECT tag, before, coalesce(a.n, 0) AS after
     FROM (SELECT tag, before FROM tag_count ORDER BY before DESC, tag LIMIT ${TOP_TAGS}) b
     LEFT JOIN (SELECT tag, count(*) AS n FROM (SELECT unnest(labels, recursive := true) FROM remaining) GROUP BY tag) a
       USING (tag)
     ORDER BY before DESC, tag`,
  );
  return {
    title: "The most frequent tags",
    bars: rows.map((row) => ({
      label: String(row.tag),
      before: Number(row.before),
      after: Number(row.after),
    })),
  };
}

/** Of the images that the student judged. */
async function qualities(duck: Duck): Promise<Histogram> {
  const counts = new Map<number, { before: number; after: number }>();
  const rows = await duck.all(
    `SELECT ${twentieth("quality")} AS bar, count(*) AS before, count(k.n) AS after
     FROM quality LEFT JOIN kept k USING (n) GROUP BY bar`,
  );
  for (const row of rows) {
    counts.set(Number(row.bar), { before: Number(row.before), after: Number(row.after) });
  }
  return { title: "Label quality", bars: barsOf(counts, 20, (bar) => (bar / 20).toFixed(2)) };
}

const twentieth = (value: string) => `greatest(0, least(19, floor(${value} * 20)::INTEGER))`;

function barsOf(
  counts: ReadonlyMap<number, { readonly before: number; readonly after: number }>,
  length: number,
  label: (bar: number) => string,
): readonly Bar[] {
  return Array.from({ length }, (_, bar) => ({
    label: label(bar),
    ...(counts.get(bar) ?? { before: 0, after: 0 }),
  }));
}

/** Counts by the whole number `bar` of a query, over all labels and over those that stay. */
async function both(
  duck: Duck,
  query: (from: string) => string,
): Promise<ReadonlyMap<number, { before: number; after: number }>> {
  const counts = new Map<number, { before: number; after: number }>();
  for (const [side, from] of [
    ["before", "given"],
    ["after", "remaining"],
  ] as const) {
    for (const row of await duck.all(`SELECT bar, count(*) AS n FROM (${query(from)}) GROUP BY bar`)) {
      const entry = counts.get(Number(row.bar)) ?? { before: 0, after: 0 };
      entry[side] = Number(row.n);
      counts.set(Number(row.bar), entry);
    }
  }
  return counts;
}
