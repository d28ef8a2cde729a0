import type { Duck, DuckRow } from "../../core/duck.js";
import { SCORE_BARS, scoreBar } from "./tallies.js";

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

/** The last bar of tags per image stands for this many and more. */
const MOST_TAGS = 30;

/** Tags in the chart of the most frequent ones. */
const TOP_TAGS = 25;

/** The report's charts. @param judged whether a student has judged the labels: the table `quality` is there then */
export async function histograms(duck: Duck, judged: boolean): Promise<readonly Histogram[]> {
  const all = [await tagsPerImage(duck), await scores(duck), await topTags(duck)];
  return judged ? [...all, await qualities(duck)] : all;
}

async function tagsPerImage(duck: Duck): Promise<Histogram> {
  const rows = await duck.all(
    `SELECT bar, sum(before) AS before, sum(after) AS after FROM (
       SELECT least(given, ${MOST_TAGS}) AS bar, count(*) AS before, 0 AS after FROM outcome WHERE shown GROUP BY bar
       UNION ALL SELECT least(remaining, ${MOST_TAGS}) AS bar, 0, count(*) FROM outcome WHERE kept GROUP BY bar)
     GROUP BY bar`,
  );
  const most = Math.max(0, ...rows.map(({ bar }) => Number(bar)));
  return {
    title: "Tags per image",
    bars: barsOf(rows, most + 1, (bar) => (bar === MOST_TAGS ? `${bar}+` : String(bar))),
  };
}

async function scores(duck: Duck): Promise<Histogram> {
  const rows = await duck.all(
    `SELECT bar, sum(before) AS before, coalesce(sum(after) FILTER (c.tag IS NULL), 0) AS after
     FROM tag_bar b LEFT JOIN constant_tag c USING (tag) GROUP BY bar`,
  );
  return { title: "Scores", bars: barsOf(rows, SCORE_BARS, startOfBar) };
}

async function topTags(duck: Duck): Promise<Histogram> {
  const rows = await duck.all(
    `SELECT tag, before, coalesce(a.n, 0) AS after
     FROM (SELECT tag, before FROM tag_count ORDER BY before DESC, tag LIMIT ${TOP_TAGS}) b
     LEFT JOIN (SELECT tag, sum(after) AS n FROM tag_bar ANTI JOIN constant_tag USING (tag) GROUP BY tag) a USING (tag)
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
  const rows = await duck.all(
    `SELECT ${scoreBar("quality")} AS bar, count(*) AS before, count(k.n) AS after
     FROM quality LEFT JOIN kept k USING (n) GROUP BY bar`,
  );
  return { title: "Label quality", bars: barsOf(rows, SCORE_BARS, startOfBar) };
}

const startOfBar = (bar: number) => (bar / SCORE_BARS).toFixed(2);

/** @param rows (bar, before, after); a bar without a row is empty */
function barsOf(rows: readonly DuckRow[], length: number, label: (bar: number) => string): readonly Bar[] {
  const counts = new Map(rows.map((row) => [Number(row.bar), row]));
  return Array.from({ length }, (_, bar) => ({
    label: label(bar),
    before: Number(counts.get(bar)?.before ?? 0),
    after: Number(counts.get(bar)?.after ?? 0),
  }));
}
