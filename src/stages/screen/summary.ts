import type { Duck } from "../../core/duck.js";
import { RULES, type RuleName } from "./rules/rule.js";

/** Counts of a quantity before and after screening; bar i holds the values from `bars[i].from` up to the next. */
export interface Histogram {
  readonly title: string;
  readonly bars: readonly { readonly label: string; readonly before: number; readonly after: number }[];
}

export interface Summary {
  readonly images: { readonly before: number; readonly after: number };
  readonly rules: readonly {
    readonly name: RuleName;
    /** Images dropped; for constant_scores, tags. */
    readonly count: number;
    readonly examples: readonly { readonly id: string | null; readonly detail: string }[];
  }[];
  readonly histograms: readonly Histogram[];
}

/** Examples shown for each rule; dropped.parquet has all. */
const EXAMPLES = 12;

/** The last bar of tags per image stands for this many and more. */
const MOST_TAGS = 30;

const AFTER = "FROM current SEMI JOIN kept USING (id)";

/** Counts for the report and the metrics, after all rules. */
export async function summarise(duck: Duck): Promise<Summary> {
  const rules = [];
  for (const name of RULES) {
    const rows = `FROM dropped WHERE rule = '${name}'`;
    const examples = await duck.all(`SELECT id, detail ${rows} ORDER BY id, detail LIMIT ${EXAMPLES}`);
    rules.push({
      name,
      count: await duck.value<number>(`SELECT count(*) ${rows}`),
      examples: examples.map((row) => ({
        id: row.id === null ? null : String(row.id),
        detail: String(row.detail),
      })),
    });
  }
  return {
    images: {
      before: await duck.value<number>("SELECT count(*) FROM image"),
      after: await duck.value<number>("SELECT count(*) FROM kept"),
    },
    rules,
    histograms: [await tagsPerImage(duck), await scores(duck), await topTags(duck)],
  };
}

async function tagsPerImage(duck: Duck): Promise<Histogram> {
  const counts = await both(duck, (from) => `SELECT least(len(labels), ${MOST_TAGS}) AS bar ${from}`);
  const most = Math.max(0, ...counts.keys());
  const bars = Array.from({ length: most + 1 }, (_, bar) => ({
    label: bar === MOST_TAGS ? `${bar}+` : String(bar),
    ...(counts.get(bar) ?? { before: 0, after: 0 }),
  }));
  return { title: "Tags per image", bars };
}

async function scores(duck: Duck): Promise<Histogram> {
  const counts = await both(
    duck,
    (from) =>
      `SELECT greatest(0, least(19, floor(score * 20)::INTEGER)) AS bar FROM (SELECT unnest(labels, recursive := true) ${from})`,
  );
  const bars = Array.from({ length: 20 }, (_, bar) => ({
    label: (bar / 20).toFixed(2),
    ...(counts.get(bar) ?? { before: 0, after: 0 }),
  }));
  return { title: "Scores", bars };
}

/** Counts by the whole number `bar` of a query, over all labels and over those that stay. */
async function both(
  duck: Duck,
  query: (from: string) => string,
): Promise<ReadonlyMap<number, { before: number; after: number }>> {
  const counts = new Map<number, { before: number; after: number }>();
  for (const [side, from] of [
    ["before", "FROM given"],
    ["after", AFTER],
  ] as const) {
    for (const row of await duck.all(`SELECT bar, count(*) AS n FROM (${query(from)}) GROUP BY bar`)) {
      const entry = counts.get(Number(row.bar)) ?? { before: 0, after: 0 };
      entry[side] = Number(row.n);
      counts.set(Number(row.bar), entry);
    }
  }
  return counts;
}

async function topTags(duck: Duck): Promise<Histogram> {
  const count = (from: string) =>
    `SELECT tag, count(*) AS n FROM (SELECT unnest(labels, recursive := true) ${from}) GROUP BY tag`;
  const rows = await duck.all(
    `SELECT tag, b.n AS before, coalesce(a.n, 0) AS after
     FROM (${count("FROM given")} ORDER BY n DESC, tag LIMIT 25) b LEFT JOIN (${count(AFTER)}) a USING (tag)
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
