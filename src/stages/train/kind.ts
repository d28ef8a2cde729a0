import type { Kind } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";
import { misfit } from "./misfit.js";
import type { Params } from "./schema.js";
import { shortest } from "./spelling.js";
import { tooSlow, type Work } from "./too-slow.js";
import { weightsIdentity } from "./weights.js";

/** Teaches a student network what the teacher said about the images. */
export const kind: Kind = {
  name: "train",
  version: 2,
  summary: "Trains a student network on the data set's soft targets",
  inputs: { data: { holds: "dataset", summary: "the data set that pack made; its `train` split is used" } },
  outputs: [
    { name: "model", holds: "model", summary: "student.json, model.json, weights.bin, history.jsonl" },
  ],
  random: true,
  shortest: (params) => shortest(params as unknown as Params) as unknown as JsonObject,
  identity: weightsIdentity,
  impl: () => ["engine"],
  refusal({ with: params, impl, upstream }) {
    const side = upstream("resize")?.size;
    const size =
      typeof side === "number" ? { width: side, height: side } : (side as Work["size"] | undefined);
    const trained = params as unknown as Params;
    const unfit = misfit(trained, size);
    if (unfit || !size) return unfit;
    const { student, epochs, samples_per_epoch: samples } = trained;
    return tooSlow({ student, engine: impl.engine, size, epochs, samples });
  },
  cpus: 1,
  module: new URL("./run.js", import.meta.url).href,
};
