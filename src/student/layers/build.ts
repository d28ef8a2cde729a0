import { initializers, layers, type SymbolicTensor } from "@tensorflow/tfjs-layers";
import { KeyedDropout, type StepClock } from "../keyed-dropout.js";
import { seedOf } from "../random.js";
import type { CompleteLayer } from "./complete.js";
import type { Activation } from "./schema.js";

/** What layers draw random numbers from. */
export interface Draws {
  readonly seed: number;
  readonly clock: StepClock;
}

/** Puts a layer on what comes before it, where it fits: see shapes.ts. */
export function apply(layer: CompleteLayer, input: SymbolicTensor, draws: Draws): SymbolicTensor {
  return tfjsLayer(layer, draws).apply(input) as SymbolicTensor;
}

function tfjsLayer(layer: CompleteLayer, { seed, clock }: Draws) {
  const { name } = layer;
  const kernelInitializer = (kind: "glorot_uniform" | "glorot_normal" | "he_uniform" | "he_normal") =>
    INITIALIZERS[kind]({ seed: seedOf("initial weights", seed, name) });
  switch (layer.type) {
    case "Conv2D":
      return layers.conv2d({
        name,
        filters: layer.filters,
        kernelSize: [...layer.kernel_size],
        strides: [...layer.strides],
        padding: layer.padding,
        activation: activationOf(layer.activation),
        useBias: layer.use_bias,
        kernelInitializer: kernelInitializer(layer.kernel_initializer),
      });
    case "Dense":
      return layers.dense({
        name,
        units: layer.units,
        activation: activationOf(layer.activation),
        useBias: layer.use_bias,
        kernelInitializer: kernelInitializer(layer.kernel_initializer),
      });
    case "MaxPooling2D":
      return layers.maxPooling2d(poolArgs(layer));
    case "AveragePooling2D":
      return layers.averagePooling2d(poolArgs(layer));
    case "GlobalMaxPooling2D":
      return layers.globalMaxPooling2d({ name, dataFormat: "channelsLast" });
    case "GlobalAveragePooling2D":
      return layers.globalAveragePooling2d({ name, dataFormat: "channelsLast" });
    case "BatchNormalization":
      return layers.batchNormalization({ name, momentum: layer.momentum, epsilon: layer.epsilon });
    case "Activation":
      return layers.activation({ name, activation: activationOf(layer.activation) });
    case "Dropout":
      return new KeyedDropout(name, layer.rate, seed, clock);
    case "Flatten":
      return layers.flatten({ name });
  }
}

type Pooling = Extract<CompleteLayer, { type: "MaxPooling2D" | "AveragePooling2D" }>;

function poolArgs({ name, pool_size, strides, padding }: Pooling) {
  return {
    name,
    poolSize: [...pool_size] as [number, number],
    strides: [...strides] as [number, number],
    padding,
  };
}

const INITIALIZERS = {
  glorot_uniform: initializers.glorotUniform,
  glorot_normal: initializers.glorotNormal,
  he_uniform: initializers.heUniform,
  he_normal: initializers.heNormal,
};

/** tfjs knows Keras's silu by its older name. */
function activationOf(name: Activation) {
  return name === "silu" ? "swish" : name;
}
