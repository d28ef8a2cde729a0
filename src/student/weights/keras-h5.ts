import { StageError } from "../../contract/stage.js";
import {
  type Dataset,
  datasetOf,
  type File,
  type Group,
  groupOf,
  isFloat,
  listAttribute,
  readRows,
  textAttribute,
} from "./h5-file.js";
import type { StoredLayers, StoredWeight } from "./stored.js";

/**
 * The layers of a file that Keras wrote, valid as long as the file is open:
 * - Keras 2, and Keras 3 under a name that ends in .h5: attributes `layer_names` and `weight_names`, at the root (weights
 *   alone) or in `model_weights` (whole models). Layers of a model within the model stand in the group of that model.
 * - Keras 3 under a name that ends in .weights.h5: groups `vars` by number, which tell their layer's name.
 *
 * A layer goes by its own name, also within a model of the model.
 *
 * @throws StageError where the file is of neither kind
 */
export function kerasLayers(file: File, path: string): StoredLayers {
  const root = groupOf(file, "model_weights") ?? file;
  const names = listAttribute(root, "layer_names");
  if (names) return legacyLayers(root, names);
  const layers = groupOf(file, "layers") ?? groupOf(file, "_layer_checkpoint_dependencies");
  if (layers) return numberedLayers(layers);
  throw new StageError(`${path} holds no weights of Keras: it has no layer_names and no layers`, {
    class: "bad-weights",
    hint: "expected what Keras writes with model.save_weights() or model.save() under a name that ends in .h5",
  });
}

function legacyLayers(root: Group, names: readonly string[]): StoredLayers {
  const layers = new Map<string, StoredWeight[]>();
  const within = new Map<string, StoredWeight[]>();
  for (const name of names) {
    const group = groupOf(root, name);
    const weights = (group && listAttribute(group, "weight_names")) ?? [];
    const parts = new Map<string, StoredWeight[]>();
    for (const weight of weights) {
      const dataset = group && datasetOf(group, weight);
      if (!dataset) throw damaged(`${name} names the weight ${weight}, which is not there`);
      // "block1_conv1/kernel:0", "vgg16/block1_conv1/kernel", or "block1_conv1_W_1:0" of Keras 1.
      const path = weight.replace(/:\d+$/, "").split("/");
      const layer = path.at(-2) ?? name;
      parts.set(layer, [...(parts.get(layer) ?? []), storedWeight(path.at(-1)!, dataset)]);
    }
    // One layer, whatever its weights are called, unless it is a model with several.
    if (parts.size <= 1) layers.set(name, [...parts.values()].flat());
    for (const [layer, stored] of parts) if (!within.has(layer)) within.set(layer, stored);
  }
  return new Map([...within, ...layers]);
}

function numberedLayers(root: Group): StoredLayers {
  const layers = new Map<string, StoredWeight[]>();
  const visit = (group: Group, name: string) => {
    const vars = groupOf(group, "vars");
    if (vars) {
      const numbers = vars.keys().sort((a, b) => Number(a) - Number(b));
      const weights = numbers.flatMap((number) => {
        const dataset = datasetOf(vars, number);
        return dataset ? [storedWeight(number, dataset)] : [];
      });
      const own = textAttribute(vars, "name") ?? name;
      if (!layers.has(own)) layers.set(own, weights);
    }
    for (const key of group.keys()) {
      const inner = key === "vars" ? undefined : groupOf(group, key);
      if (inner) visit(inner, key);
    }
  };
  visit(root, "");
  return layers;
}

function storedWeight(name: string, dataset: Dataset): StoredWeight {
  return {
    name,
    shape: dataset.shape ?? [],
    readRows(start, end) {
      if (isFloat(dataset)) return readRows(dataset, start, end);
      throw damaged(
        `${dataset.path} holds numbers of the type ${JSON.stringify(dataset.dtype)}, not float32 or float64`,
      );
    },
  };
}

function damaged(what: string): StageError {
  return new StageError(`cannot read the weights: ${what}`, {
    class: "bad-weights",
    hint: "save the model again with Keras, as float32",
  });
}
