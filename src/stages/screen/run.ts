import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StageContext, StageError, type StageModule } from "../../contract/stage.js";
import { Duck, parquet } from "../../core/duck.js";
import { writeTable } from "../../core/tables.js";
import { renderReport } from "./report.js";
import { collapsedSets } from "./rules/collapsed.js";
import { constantScores } from "./rules/constant.js";
import { exactDuplicates } from "./rules/duplicates.js";
import { fewTags } from "./rules/few-tags.js";
import { groupDuplicates } from "./rules/groups.js";
import { nearDuplicates } from "./rules/near.js";
import type { Screening } from "./rules/rule.js";
import type { Params } from "./schema.js";
import { summarise } from "./summary.js";

/** Applies the rules in order; each sees what the ones before left. */
const STEPS = [exactDuplicates, nearDuplicates, groupDuplicates, constantScores, collapsedSets, fewTags];

/** Writes labels.parquet (id, labels, raw, group_id) of what stays; report.html and dropped.parquet of what went. */
export const stage: StageModule = {
  async run(context) {
    const duck = await Duck.open({ scratch: context.scratch, threads: context.cpus });
    try {
      await openTables(duck, context);
      const screening: Screening = {
        duck,
        params: context.with as Params,
        note: (message) => context.note(message),
      };
      for (const [done, step] of STEPS.entries()) {
        context.signal.throwIfAborted();
        context.progress(done, STEPS.length);
        await step(screening);
      }
      const labels = await writeTable(
        duck,
        `SELECT c.id, c.labels, c.raw, coalesce(root.id, c.id) AS group_id
         FROM current c JOIN kept k ON k.id = c.id
         LEFT JOIN grouped g ON g.n = k.n LEFT JOIN image root ON root.n = g.root`,
        ["id"],
        join(context.outDir("labels"), "labels.parquet"),
      );
      const folder = context.outDir("report");
      const dropped = await writeTable(
        duck,
        "SELECT id, rule, detail FROM dropped",
        ["rule", "id", "detail"],
        join(folder, "dropped.parquet"),
      );
      const summary = await summarise(duck);
      writeFileSync(join(folder, "report.html"), renderReport(summary));
      if (labels.rows === 0) {
        throw new StageError(`no image is left of ${summary.images.before}`, {
          hint: `dropped: ${summary.rules.map((rule) => `${rule.name} ${rule.count}`).join(", ")}; loosen that rule`,
        });
      }
      return {
        outputs: {
          labels: [{ path: "labels.parquet", table: labels }],
          report: [{ path: "dropped.parquet", table: dropped }],
        },
        metrics: {
          images: summary.images.before,
          kept: summary.images.after,
          ...Object.fromEntries(summary.rules.map((rule) => [rule.name, rule.count])),
        },
      };
    } finally {
      duck.close();
    }
  },
};

/** Sets up what rules/rule.ts describes. */
async function openTables(duck: Duck, context: StageContext): Promise<void> {
  const images = parquet(context.inputs.images!.path("images.parquet"));
  const labels = parquet(context.inputs.labels!.path("labels.parquet"));
  const hashed = (await duck.columns(images)).includes("dhash");
  if (!hashed && (context.with as Params).near_duplicates.enabled) {
    context.note("near duplicates were not looked for: the images have no `dhash` column (resize adds it)");
  }
  await duck.run(
    `CREATE VIEW given AS SELECT id, labels, raw FROM ${labels} WHERE id IN (SELECT id FROM ${images})`,
  );
  await duck.run("CREATE VIEW current AS FROM given");
  await duck.run(`CREATE TABLE image AS
    SELECT (row_number() OVER (ORDER BY id) - 1)::INTEGER AS n, id, blob,
      ${hashed ? "('0x' || dhash)::UBIGINT" : "NULL::UBIGINT"} AS hash
    FROM ${images} WHERE id IN (SELECT id FROM ${labels})`);
  await duck.run("CREATE TABLE dropped (id VARCHAR, rule VARCHAR, detail VARCHAR)");
  await duck.run("CREATE TABLE pair (a INTEGER, b INTEGER)");
  await duck.run(
    "CREATE VIEW kept AS SELECT * FROM image WHERE id NOT IN (SELECT id FROM dropped WHERE id IS NOT NULL)",
  );
  const unlabelled = await duck.value<number>(
    `SELECT (SELECT count(*) FROM ${images}) - (SELECT count(*) FROM image)`,
  );
  if (unlabelled > 0) context.note(`${unlabelled} images have no labels and are left out`);
}
