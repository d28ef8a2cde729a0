import { StageError } from "../../contract/stage.js";
import { type KerasModel, kerasModel } from "../layers/keras-model.js";
import type { StudentInfo } from "../student-info.js";
import type { StoredLayers, StoredWeight } from "./stored.js";

/** A student as it is exported: a Keras model of its own, and what we know of it beside that. */
export interface ExportedModel {
  readonly info: StudentInfo;
  /** As Keras's `model_config`. */
  readonly config: KerasModel["config"];
  /** In order, the input layer first. */
  readonly layers: readonly { readonly name: string; readonly weights: readonly StoredWeight[] }[];
}

/** The version of Keras whose layout exported files have, as its files say it. */
export const KERAS = { keras_version: "2.15.0", backend: "tensorflow" } as const;

/** Layers that have weights. */
const WEIGHTED = ["Conv2D", "Dense", "BatchNormalization"];

/**
 * Puts a student's network and weights into Keras's words.
 *
 * @throws StageError where the weights are of another network
 */
export function exportedModel(info: StudentInfo, stored: StoredLayers): ExportedModel {
  const { config, layers, fixed } = kerasModel(info);
  const left = new Set(stored.keys());
  const withWeights = layers.map(({ name, className }) => {
    const weights = fixed.get(name) ?? stored.get(name) ?? [];
    left.delete(name);
    if (WEIGHTED.includes(className) !== weights.length > 0) throw otherNetwork(name);
    return { name, weights };
  });
  for (const name of left) throw otherNetwork(name);
  return { info, config, layers: withWeights };
}

function otherNetwork(layer: string): StageError {
  return new StageError(`the model's files do not belong together: see its layer ${layer}`, {
    class: "bad-model",
    hint: "pipe verify checks the store's files",
  });
}
