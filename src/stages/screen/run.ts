import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { StageError, type StageModule } from "../../contract/stage.js";
import { Duck } from "../../core/duck.js";
import { writeTable } from "../../core/tables/write.js";
import { keepScreening } from "./keep.js";
import { settle, writeKept } from "./outcome.js";
import { examplePictures } from "./pictures.js";
import { screeningReport } from "./report/page.js";
import { constantScores } from "./rules/constant.js";
import { exactDuplicates } from "./rules/duplicates.js";
import { nearDuplicates } from "./rules/near.js";
import { labelQuality } from "./rules/quality.js";
import { collapsedSets, fewTags, manyTags, measureTagSets } from "./rules/tag-sets.js";
import { unsafeImages } from "./rules/unsafe.js";
import { summarise } from "./summary.js";
import { openTables } from "./tables.js";
import { countTags } from "./tallies.js";

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
      await settle(screening);
      const labels = await writeKept(context, screening, join(context.outDir("labels"), "labels.parquet"));
      const folder = context.outDir("report");
      const dropped = await writeTable(
        duck,
        "SELECT id, rule, detail FROM named",
        ["rule", "id", "detail"],
        join(folder, "dropped.parquet"),
      );
      const summary = await summarise(screening);
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
          "SELECT id, quality FROM quality JOIN image USING (n)",
          ["id"],
          join(folder, "label_quality.parquet"),
        );
        report.push({ path: "label_quality.parquet", table: quality });
      } else await keepScreening(context, screening);
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
