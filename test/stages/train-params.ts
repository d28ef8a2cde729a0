import { join } from "node:path";
import type { JsonObject } from "../../src/core/json.js";
import { kindValidator, loadValidators } from "../../src/runner/config/validators.js";
import { stage } from "../../src/stages/train/run.js";
import { rigContext } from "../rigs/context.js";

const { validate } = (await kindValidator(await loadValidators(), "train"))!;

/** A small training's params, the schema's defaults included, which the loader fills in. */
export const WITH = {
  student: "vgg-small",
  dropout: 0.2,
  learning_rate: 0.003,
  schedule: "cosine",
  epochs: 4,
  batch: 8,
  flip: true,
  engine: "wasm",
};
validate(WITH);

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
