import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StageContext, StageError, type StageModule } from "../../contract/stage.js";
import { Duck } from "../../core/duck.js";
import { keepMatched } from "./kept.js";
import { planSamples, type SamplePlan, tagsText } from "./plan.js";
import { replanSamples } from "./replan.js";
import { writeSamples } from "./samples.js";
import type { Params } from "./schema.js";
import { writeShards } from "./shards.js";

/** Packs pictures and soft targets into shards/*.tar, samples.parquet, tags.json and dataset.json. */
export const stage: StageModule = {
  async run(context) {
    const duck = await Duck.open({ scratch: context.scratch, threads: context.cpus });
    try {
      const params = context.with as Params;
      const tables = {
        images: context.inputs.images!.path("images.parquet"),
        labels: context.inputs.labels!.path("labels.parquet"),
        index: context.inputs.index!.path("index.parquet"),
      };
      const replanned = await replanSamples(duck, context, tables, params);
      const plan = replanned?.plan ?? (await planSamples(duck, tables, context.scratch, params));
      tell(context, plan);
      keepMatched(context, plan.matched);
      const folder = context.outDir("dataset");
      const path = join(folder, "samples.parquet");
      const { table: samples, keys } = await writeSamples(duck, context, path, replanned);
      writeFileSync(join(folder, "tags.json"), tagsText(plan.tags));
      const { size, counts } = plan;
      writeFileSync(
        join(folder, "dataset.json"),
        `${JSON.stringify({ size, counts, tags: plan.tags.length })}\n`,
      );
      const shards = await writeShards(duck, context, folder, keys);
      return {
        outputs: { dataset: [{ path: "samples.parquet", table: samples }, ...shards.reused] },
        metrics: {
          train: counts.train,
          holdout: counts.holdout,
          tags: plan.tags.length,
          without_tags: plan.withoutTags,
          shards: shards.written + shards.reused.length,
          shards_written: shards.written,
        },
      };
    } finally {
      duck.close();
    }
  },
};

function tell(context: StageContext, plan: SamplePlan): void {
  if (plan.counts.train === 0) {
    throw new StageError(
      `no image is left to train on: ${plan.counts.holdout} held out, ${plan.withoutTags} without a tag of the index, ${plan.unmatched} labels without an image`,
      { hint: "look at screen's report, lower index's `min_count`, or hold out less" },
    );
  }
  if (plan.withoutTags > 0) {
    context.note(
      `${plan.withoutTags} images left out: none of their tags is in the index (${plan.examplesWithoutTags.join(", ")}${plan.withoutTags > plan.examplesWithoutTags.length ? ", …" : ""})`,
    );
  }
  if (plan.unmatched > 0) {
    context.note(`${plan.unmatched} rows of labels have no image in the images table: left out`);
  }
}
