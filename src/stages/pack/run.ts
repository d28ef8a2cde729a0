import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StageContext, StageError, type StageModule } from "../../contract/stage.js";
import { Duck } from "../../core/duck.js";
import { keepUntagged } from "./kept.js";
import { planSamples, type SamplePlan, tagsText } from "./plan.js";
import { replanSamples } from "./replan.js";
import { writeSamples } from "./samples.js";
import type { Params } from "./schema.js";
import { writeShards } from "./shards.js";

/** So many images without a tag are named. */
const EXAMPLES = 5;

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
      keepUntagged(context, plan.untagged);
      const folder = context.outDir("dataset");
      const path = join(folder, "samples.parquet");
      const { table: samples, keys, gathered } = await writeSamples(duck, context, path, replanned);
      writeFileSync(join(folder, "tags.json"), tagsText(plan.tags));
      const { size, counts } = plan;
      writeFileSync(
        join(folder, "dataset.json"),
        `${JSON.stringify({ size, counts, tags: plan.tags.length })}\n`,
      );
      const shards = await writeShards(duck, context, folder, keys, gathered);
      return {
        outputs: { dataset: [{ path: "samples.parquet", table: samples }, ...shards.reused] },
        metrics: {
          train: counts.train,
          holdout: counts.holdout,
          tags: plan.tags.length,
          without_tags: plan.untagged.count,
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
      `no image is left to train on: ${plan.counts.holdout} held out, ${plan.untagged.count} without a tag of the index, ${plan.unmatched} labels without an image`,
      { hint: "look at screen's report, lower index's `min_count`, or hold out less" },
    );
  }
  const { count, ids } = plan.untagged;
  if (count > 0) {
    const examples = ids.slice(0, EXAMPLES);
    const more = count > examples.length ? ", …" : "";
    context.note(
      `${count} images left out: none of their tags is in the index (${examples.join(", ")}${more})`,
    );
  }
  if (plan.unmatched > 0) {
    context.note(`${plan.unmatched} rows of labels have no image in the images table: left out`);
  }
}
