import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StageContext, StageError, type StageModule } from "../../contract/stage.js";
import { Duck, sqlString } from "../../core/duck.js";
import { writeLike } from "../../core/tables/like.js";
import type { WrittenTable } from "../../core/tables/parts.js";
import { writeTable } from "../../core/tables/write.js";
import { examplePictures } from "./pictures.js";
import { screeningReport } from "./report/page.js";
import { constantScores, constantTags, tagsTakenOut } from "./rules/constant.js";
import { exactDuplicates } from "./rules/duplicates.js";
import { nearDuplicates } from "./rules/near.js";
import { labelQuality } from "./rules/quality.js";
import type { Screening } from "./rules/rule.js";
import { collapsedSets, fewTags, manyTags, measureTagSets } from "./rules/tag-sets.js";
import { unsafeImages } from "./rules/unsafe.js";
import { summarise } from "./summary.js";
import { countTags, openTables } from "./tables.js";

/** Applies the rules in order; each sees what the ones before left. */
const STEPS = [
  unsafeImages,
  exactDuplicates,
  nearDuplicates,
  countTags,
  constantScores,
  measureTagSets,
  collapsedSets,
  fewTags,
  manyTags,
  labelQuality,
];

/** Writes labels.parquet (id, labels, raw, group_id) of what stays; report.html and dropped.parquet of what went. */
export const stage: StageModule = {
  async run(context) {
    const duck = await Duck.open({ scratch: context.scratch, threads: context.cpus });
    try {
      const screening = await openTables(duck, context);
      for (const [done, step] of STEPS.entries()) {
        context.signal.throwIfAborted();
        context.progress(done, STEPS.length + 1);
        await step(screening);
      }
      const path = join(context.outDir("labels"), "labels.parquet");
      const labels = await writeKept(context, screening, path);
      const folder = context.outDir("report");
      const dropped = await writeTable(
        duck,
        `SELECT l.id, d.rule, d.detail || coalesce(o.id, '') AS detail
         FROM dropped d LEFT JOIN label l ON l.n = d.n LEFT JOIN label o ON o.n = d.other`,
        ["rule", "id", "detail"],
        join(folder, "dropped.parquet"),
      );
      const summary = await summarise(screening, sqlString(path));
      if (labels.rows === 0) {
        throw new StageError(`no image is left of ${summary.images.before}`, {
          hint: `dropped: ${summary.rules.map((rule) => `${rule.name} ${rule.count}`).join(", ")}; loosen that rule`,
        });
      }
      const pictures = await examplePictures(context, duck, summary);
      writeFileSync(join(folder, "report.html"), screeningReport(summary, pictures));
      const report = [{ path: "dropped.parquet", table: dropped }];
      if (screening.predictions) {
        const quality = await writeTable(
          duck,
          "SELECT id, quality FROM quality JOIN label USING (n)",
          ["id"],
          join(folder, "label_quality.parquet"),
        );
        report.push({ path: "label_quality.parquet", table: quality });
      }
      return {
        outputs: { labels: [{ path: "labels.parquet", table: labels }], report },
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

/** Writes what stays; where the last result took the same tags out, only groups and what stays are compared with it. */
async function writeKept(context: StageContext, { duck }: Screening, path: string): Promise<WrittenTable> {
  const last = context.previous.table("labels", "labels.parquet");
  const ranges = context.previous.changed("labels");
  const constant = await constantTags(duck);
  const dropped = context.previous.table("report", "dropped.parquet");
  const before = dropped && (await tagsTakenOut(duck, dropped.path));
  const same = JSON.stringify(before) === JSON.stringify(constant);
  const foreknown = same && ranges ? { foreknown: { ranges, columns: ["group_id"] } } : {};
  return (await writeLike(duck, last, KEPT_LABELS, path, foreknown)).table;
}

/** A score of -0 becomes 0: they are equal, but not written alike. */
const KEPT_LABELS = `SELECT c.id, list_transform(c.labels, x -> struct_update(x, score := x.score + 0)) AS labels, c.raw, coalesce(r.id, c.id) AS group_id
  FROM current c SEMI JOIN kept USING (n)
  LEFT JOIN (SELECT g.n, l.id FROM grouped g JOIN label l ON l.n = g.root) r USING (n)`;
