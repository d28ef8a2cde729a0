import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StageContext, StageError, type StageModule } from "../../contract/stage.js";
import { Duck, sqlString } from "../../core/duck.js";
import { writeTable } from "../../core/tables/write.js";
import { countTags } from "./counts.js";
import { fixedTags } from "./fixed.js";
import type { Params } from "./schema.js";
import { Slots } from "./slots.js";

/** Chooses the tags and writes index.parquet: tag, position, count (images that carry the tag). */
export const stage: StageModule = {
  async run(context) {
    const params = context.with as Params;
    const fixed = fixedTags(params, context.base);
    const duck = await Duck.open({ scratch: context.scratch, threads: context.cpus });
    try {
      await countTags(duck, context);
      const chosen = fixed ? await fromList(duck, context, fixed) : await byFrequency(duck, params);
      await duck.run(`CREATE TABLE chosen AS ${chosen}`);
      const path = join(context.outDir("index"), "index.parquet");
      const table = await writeTable(duck, "FROM chosen", ["position"], path);
      if (table.rows === 0) {
        throw new StageError("no tag was left to learn", {
          hint: "lower index's `min_count` or `min_score`, or look at screen's report: did it drop all images?",
        });
      }
      if (!fixed && table.rows < params.top) {
        context.note(`only ${table.rows} tags qualify; \`top\` asks for up to ${params.top}`);
      }
      return {
        outputs: { index: [{ path: "index.parquet", table }] },
        metrics: { tags: table.rows, ...(await coverage(duck)) },
      };
    } finally {
      duck.close();
    }
  },
};

/**
 * The `top` most frequent tags, ties by name: DuckDB orders text by its UTF-8 code units, whatever the locale. They take
 * their units by classes of count (1, 2–3, 4–7, …), by name within one: a count that changes seldom changes the order.
 */
async function byFrequency(duck: Duck, params: Params): Promise<string> {
  await duck.run(`CREATE TABLE frequent AS
    SELECT tag, count, row_number() OVER (ORDER BY len(bin(count)) DESC, tag) AS turn
    FROM (FROM tag_count WHERE count >= ${params.min_count} ORDER BY count DESC, tag LIMIT ${params.top})`);
  const slots = new Slots(await duck.value<number>("SELECT count(*) FROM frequent"));
  const units: [turn: number, position: number][] = [];
  for await (const tags of duck.streamText("SELECT tag FROM frequent ORDER BY turn")) {
    for (const tag of tags) units.push([units.length + 1, slots.take(tag)]);
  }
  await duck.run("CREATE TABLE unit (turn INTEGER, position INTEGER)");
  await duck.appendIntegers("unit", units);
  return "SELECT tag, position::BIGINT AS position, count FROM frequent JOIN unit USING (turn)";
}

async function fromList(duck: Duck, context: StageContext, tags: readonly string[]): Promise<string> {
  const path = join(context.scratch, "tags.json");
  writeFileSync(path, JSON.stringify(tags.map((tag, position) => ({ tag, position }))));
  await duck.run(
    `CREATE TABLE fixed AS SELECT * FROM read_json(${sqlString(path)}, format = 'array',
       columns = {tag: 'VARCHAR', position: 'BIGINT'})`,
  );
  const unseen = await duck.all("SELECT tag FROM fixed ANTI JOIN tag_count USING (tag) ORDER BY position");
  if (unseen.length > 0) {
    const names = unseen.slice(0, 5).map((row) => JSON.stringify(row.tag));
    const more = unseen.length > names.length ? ", …" : "";
    context.note(
      `${unseen.length} of ${tags.length} listed tags occur in no image: ${names.join(", ")}${more}`,
    );
  }
  return "SELECT tag, position, coalesce(count, 0) AS count FROM fixed LEFT JOIN tag_count USING (tag)";
}

/** Labels of enough score, and the share of them whose tag was chosen. */
async function coverage(duck: Duck): Promise<{ labels: number; labels_covered: number }> {
  const [row] = await duck.all(
    `SELECT coalesce(sum(count), 0)::BIGINT AS labels,
       coalesce(sum(count) FILTER (tag IN (SELECT tag FROM chosen)), 0)::BIGINT AS covered FROM tag_count`,
  );
  const labels = Number(row!.labels);
  return { labels, labels_covered: labels === 0 ? 0 : Number((Number(row!.covered) / labels).toFixed(4)) };
}
