import { join } from "node:path";
import type { JsonObject } from "../../src/core/json.js";
import { stage } from "../../src/stages/train/run.js";
import { rigContext } from "../rigs/context.js";

/** A small training's params, the schema's defaults included, which the loader fills in. */
export const WITH = {
  student: "vgg-small",
  weights: "none",
  frozen_layers: 0,
  dropout: 0.2,
  loss: "bce",
  temperature: 2,
  unreturned: "zero",
  class_weights: "none",
  label_smoothing: 0,
  optimizer: "adam",
  learning_rate: 0.003,
  schedule: "cosine",
  warmup: 0,
  epochs: 4,
  batch: 8,
  snapshot_minutes: 10,
  validation: 0,
  preprocess: "scale255",
  flip: true,
  crop: 0,
  colour: 0,
};

/** Trains on a data set's files. */
export async function trained(params: JsonObject, data: Record<string, string>, scratch?: string) {
  const context = rigContext({
    with: { ...WITH, ...params },
    inputs: { data },
    seed: 5,
    ...(scratch === undefined ? {} : { scratch }),
  });
  const result = await stage.run(context);
  const folder = context.outDir("model");
  return { result, context, folder, file: (name: string) => join(folder, name) };
}
