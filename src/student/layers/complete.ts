import type { Layer } from "./schema.js";

type Pair = readonly [number, number];
type Of<T extends Layer["type"]> = Extract<Layer, { type: T }>;
/** A layer with its arguments all there, sizes as pairs. */
type Complete<T extends Layer["type"]> = {
  readonly [K in keyof Required<Of<T>>]: K extends "kernel_size" | "strides" | "pool_size"
    ? Pair
    : Exclude<Of<T>[K & keyof Of<T>], undefined>;
};

export type CompleteLayer = { [T in Layer["type"]]: Complete<T> }[Layer["type"]];

const pairOf = (size: number | readonly number[]): Pair =>
  typeof size === "number" ? [size, size] : [size[0]!, size[1]!];

/**
 * Names layers and fills in Keras's defaults.
 *
 * @param taken names that are in use; the new ones are added
 * @param dropout rate of a Dropout that gives none
 * @throws Error for a name that occurs twice
 */
export function complete(layers: readonly Layer[], taken: Set<string>, dropout: number): CompleteLayer[] {
  for (const { name } of layers) {
    if (name === undefined) continue;
    if (taken.has(name)) throw new Error(`two layers are named ${name}`);
    taken.add(name);
  }
  return layers.map((layer) => filledIn(layer, layer.name ?? freeName(layer.type, taken), dropout));
}

function filledIn(layer: Layer, name: string, dropout: number): CompleteLayer {
  switch (layer.type) {
    case "Conv2D":
      return {
        padding: "valid",
        activation: "linear",
        use_bias: true,
        kernel_initializer: "glorot_uniform",
        ...layer,
        name,
        kernel_size: pairOf(layer.kernel_size),
        strides: pairOf(layer.strides ?? 1),
      };
    case "MaxPooling2D":
    case "AveragePooling2D": {
      const pool_size = pairOf(layer.pool_size ?? 2);
      return {
        padding: "valid",
        ...layer,
        name,
        pool_size,
        strides: pairOf(layer.strides ?? [...pool_size]),
      };
    }
    case "BatchNormalization":
      return { momentum: 0.99, epsilon: 0.001, ...layer, name };
    case "Dense":
      return {
        activation: "linear",
        use_bias: true,
        kernel_initializer: "glorot_uniform",
        ...layer,
        name,
      };
    case "Dropout":
      return { rate: dropout, ...layer, name };
    case "Activation":
    case "Flatten":
    case "GlobalAveragePooling2D":
    case "GlobalMaxPooling2D":
      return { ...layer, name };
  }
}

/** Keras's name for the next layer of a class: conv2d, conv2d_1, … (keras/src/utils/naming.py). */
function freeName(type: Layer["type"], taken: Set<string>): string {
  const stem = type.replace(/(?<=[a-z])(?=[A-Z])/g, "_").toLowerCase();
  let name = stem;
  for (let n = 1; taken.has(name); n++) name = `${stem}_${n}`;
  taken.add(name);
  return name;
}
