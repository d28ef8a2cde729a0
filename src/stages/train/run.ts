import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type StageContext, StageError, type StageModule, type StageResult } from "../../contract/stage.js";
import { canonicalJson } from "../../core/json.js";
import { type Engine, openEngine } from "../../engine/engine.js";
import { type EngineId, nativeAdvice } from "../../engine/resolve.js";
import { Dataset } from "../../student/dataset.js";
import { ShuffledEpochs } from "../../student/epochs.js";
import { bestEpoch } from "../../student/history.js";
import { describeLoss, onlyRanks } from "../../student/losses.js";
import { MODEL_FILES, saveStudent } from "../../student/model-file.js";
import { Network } from "../../student/network.js";
import { Snapshots } from "../../student/snapshots.js";
import { train } from "../../student/trainer.js";
import { validationShare } from "../../student/validation.js";
import { featureCache } from "./features.js";
import { Progress } from "./progress.js";
import { sampleFacts } from "./sample-facts.js";
import type { Params } from "./schema.js";
import { networkShape, trainSpec } from "./spec.js";
import { tooSlow } from "./too-slow.js";
import { weightsFile } from "./weights.js";

export const stage: StageModule = { run };

async function run(context: StageContext): Promise<StageResult> {
  const params = context.with as unknown as Params;
  const dataset = new Dataset(context.inputs.data!);
  if (dataset.counts.train === 0 || dataset.tags.length === 0) {
    const missing = dataset.tags.length === 0 ? "tags" : "training images";
    throw new StageError(`the data set has no ${missing}`, {
      class: "empty-data",
      hint: "look at the reports of screen and pack: their rules may be too strict for so few images",
    });
  }
  const engine = (context.impl.engine ?? "wasm") as EngineId;
  const { student, epochs, samples_per_epoch: samples = dataset.counts.train } = params;
  const refusal = tooSlow({ student, engine, size: dataset.size, epochs, samples });
  if (refusal) throw new StageError(refusal.message, { class: "too-slow", hint: refusal.hint });
  const opened = await openEngine(engine);
  const advice = nativeAdvice(params.engine, engine);
  if (advice !== undefined) context.note(advice);
  const network = new Network({
    ...networkShape(params),
    size: dataset.size,
    tags: dataset.tags.length,
    preprocess: params.preprocess,
    dropout: params.dropout,
    seed: context.seed,
  });
  try {
    const weights = await weightsFile(context);
    if (weights !== undefined) {
      const { loadInitialWeights } = await import("../../student/weights/initial.js");
      await loadInitialWeights(
        network,
        weights,
        typeof params.weights === "object" && params.weights.include_top === true,
      );
    }
    network.freeze(params.frozen_layers, params.feature_cache.precision);
    return await fit(context, params, { dataset, network, engine: opened });
  } finally {
    network.dispose();
  }
}

async function fit(
  context: StageContext,
  params: Params,
  made: { readonly dataset: Dataset; readonly network: Network; readonly engine: Engine },
): Promise<StageResult> {
  const { dataset, network } = made;
  const spec = trainSpec(params, await sampleFacts(context, params, dataset));
  const progress = new Progress(context, spec);
  const source = new ShuffledEpochs({
    dataset,
    seed: context.seed,
    putAside: validationShare(params.validation),
    ahead: Math.max(32, 2 * spec.batch),
    features: featureCache(context, params, made, (images) => progress.prepared(images)),
  });
  const snapshots = new Snapshots(join(context.scratch, "snapshots"), params.snapshot_minutes * 60_000);
  const { history, broken } = await train(network, source, spec, snapshots, {
    ...progress.hooks(),
    signal: context.signal,
    onDamagedSnapshot: (file, reason) => context.note(`set the snapshot ${file} aside: ${reason}`),
  });
  if (broken.size > 0) context.note(`${broken.size} pictures could not be decoded: ${examples(broken)}`);
  const folder = context.outDir("model");
  const { preprocess, size } = network.spec;
  saveStudent(
    folder,
    {
      format: "pipestill-student/1",
      ...networkShape(params),
      preprocess,
      dropout: params.dropout,
      size,
      tags: dataset.tags,
      loss: describeLoss(spec.loss),
      ...(onlyRanks(spec.loss) ? { onlyRanks: true } : {}),
    },
    network,
  );
  writeFileSync(
    join(folder, MODEL_FILES.history),
    history.map((row) => `${canonicalJson({ ...row })}\n`).join(""),
  );
  // The epoch whose weights the model has.
  const kept = spec.earlyStopping ? bestEpoch(history) : history.at(-1)!;
  if (history.length < spec.epochs) {
    context.note(
      `stopped early after ${history.length} of ${spec.epochs} epochs: ${kept.epoch} was the best`,
    );
  }
  return {
    metrics: {
      loss: kept.loss,
      ...(kept.val_loss === undefined ? {} : { val_loss: kept.val_loss }),
      ...(spec.earlyStopping ? { best_epoch: kept.epoch } : {}),
      epochs: history.length,
      images: kept.samples,
      broken: broken.size,
      parameters: network.parameters,
    },
  };
}

function examples(broken: ReadonlyMap<string, string>): string {
  const shown = [...broken].slice(0, 3).map(([id, reason]) => `${id} (${reason})`);
  return shown.join(", ") + (broken.size > shown.length ? ", …" : "");
}
