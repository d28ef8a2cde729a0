import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StageContext, StageError, type StageModule, type StageResult } from "../../contract/stage.js";
import { Duck } from "../../core/duck.js";
import { openEngine } from "../../engine/engine.js";
import type { EngineId } from "../../engine/resolve.js";
import { Dataset, type Split } from "../../student/dataset.js";
import { topLabels } from "../../student/labels.js";
import { loadStudent, type Student } from "../../student/model-file.js";
import { RowFile } from "../row-file.js";
import { type Measured, measure } from "./measure.js";
import { addPictures } from "./pictures.js";
import { predictions } from "./predictions.js";
import { reportPage } from "./report/page.js";
import { Samples } from "./samples.js";
import type { Params } from "./schema.js";
import { PREDICTION_COLUMNS, TAG_COLUMNS, tagColumns } from "./tables.js";
import { flatMetrics, metricsDocument, readHistory, tagRows } from "./write.js";

/** Tags kept for each image in predictions.parquet. */
const TOP = 30;

export const stage: StageModule = { run };

/** What the parts of a run share. */
interface Run {
  readonly context: StageContext;
  readonly params: Params;
  readonly duck: Duck;
  readonly samples: Samples;
  readonly student: Student;
  /** Share of training images on which each tag is positive, [tags]. */
  readonly prevalence: Float32Array;
}

/**
 * Predicts the held-out split, measures the predictions, and writes report.html, metrics.json, tags.parquet and
 * predictions.parquet. Memory is bounded: see measure.ts; the report holds at most 36 pictures.
 */
async function run(context: StageContext): Promise<StageResult> {
  const params = context.with as Params;
  const student = await loadStudent(
    (name) => context.inputs.model!.path(name),
    await openEngine(context.impl.engine as EngineId),
  );
  const duck = await Duck.open({ scratch: context.scratch, threads: context.cpus });
  const lines = new RowFile(join(context.scratch, "predictions.jsonl"));
  try {
    const samples = new Samples(duck, context.inputs.data!.path("samples.parquet"));
    const prevalence = await samples.trainPrevalence(student.tags.length, params.positive_at);
    const parts: Run = { context, params, duck, samples, student, prevalence };
    const measured = await measureStudent(parts, lines);
    return await write(parts, measured, lines);
  } finally {
    lines.close();
    duck.close();
    student.dispose();
  }
}

async function measureStudent(parts: Run, lines: RowFile): Promise<Measured> {
  const { context, params, samples, student, prevalence } = parts;
  const data = new Dataset(context.inputs.data!);
  checkTags(student.tags, data.tags);
  const total = await samples.count("holdout");
  if (total === 0) {
    throw new StageError("the data set holds no image out, so there is nothing to measure the student on", {
      hint: "set `holdout` of the pack stage to a share or a count above 0; where images are few, a count",
    });
  }
  const broken = new Map<string, string>();
  const predict = (split: Split, limit?: number) => {
    const samples = data.samples(split, (id, reason) => void broken.set(id, reason));
    return predictions(student, samples, context.signal, limit);
  };
  let done = 0;
  const measured = await measure({
    prevalence,
    rules: {
      positiveAt: params.positive_at,
      minPositives: params.min_positives,
      maxPrevalence: params.max_prevalence,
    },
    // Shards are buckets of id hashes: the first images of the first shards are a random sample.
    sample: predict("train", params.threshold_sample),
    holdout: predict("holdout"),
    scratch: context.scratch,
    signal: context.signal,
    onImage({ id, scores }) {
      lines.add({ id, labels: topLabels(scores, student.tags, TOP) });
      context.progress(++done, total);
    },
  });
  if (broken.size > 0) context.note(`${broken.size} pictures cannot be decoded: ${examples(broken)}`);
  return measured;
}

function examples(broken: ReadonlyMap<string, string>): string {
  const shown = [...broken].slice(0, 3).map(([id, reason]) => `${id} (${reason})`);
  return shown.join(", ") + (broken.size > shown.length ? ", …" : "");
}

/** A model measured on another tag list would give numbers without a meaning. */
function checkTags(model: readonly string[], data: readonly string[]): void {
  if (model.length === data.length && model.every((tag, i) => tag === data[i])) return;
  throw new StageError(
    `the model was trained on another tag list (${model.length} tags) than the data set's (${data.length} tags)`,
    { hint: "give eval the data set that the model was trained on, or train again" },
  );
}

async function write(parts: Run, measured: Measured, lines: RowFile): Promise<StageResult> {
  const { context, duck, samples, student, prevalence } = parts;
  const folder = context.outDir("report");
  const rows = tagRows(student.tags, measured, prevalence);
  const tagLines = new RowFile(join(context.scratch, "tags.jsonl"));
  try {
    for (const row of rows) tagLines.add(tagColumns(row));
    const tags = await tagLines.toTable(duck, TAG_COLUMNS, ["position"], join(folder, "tags.parquet"));
    const predictionsPath = join(folder, "predictions.parquet");
    const predicted = await lines.toTable(duck, PREDICTION_COLUMNS, ["id"], predictionsPath);

    const { best, worst, random } = measured.gallery;
    const [bestCards, worstCards, randomCards] = await addPictures(
      context,
      new Dataset(context.inputs.data!),
      samples,
      [best, worst, random],
    );
    const page = reportPage({
      about: about(student),
      calibrated: student.calibrated,
      metrics: measured.student.metrics(),
      baseline: measured.baseline.metrics(),
      rules: measured.rules,
      baselineThreshold: measured.baselineThreshold,
      thresholdImages: measured.thresholdImages,
      tags: rows,
      bins: measured.student.bins(),
      history: readHistory(context.inputs.model!),
      best: bestCards!,
      worst: worstCards!,
      random: randomCards!,
    });
    writeFileSync(join(folder, "report.html"), page);
    writeFileSync(join(folder, "metrics.json"), metricsDocument(measured));
    return {
      outputs: {
        report: [
          { path: "predictions.parquet", table: predicted },
          { path: "tags.parquet", table: tags },
        ],
      },
      metrics: flatMetrics(measured),
    };
  } finally {
    tagLines.close();
  }
}

function about(student: Student): [name: string, value: string][] {
  return [
    ["architecture", student.architecture],
    ["input", `${student.size.width} × ${student.size.height} pixels`],
    ["tags", String(student.tags.length)],
    ["preprocess", student.preprocess],
    ["loss", student.loss],
  ];
}
