import type { Json, JsonObject } from "../../core/json.js";
import type { NetworkShape } from "../architectures.js";
import { CAFFE_MEANS, type Preprocess } from "../preprocess.js";
import type { StoredLayers, StoredWeight } from "../weights/stored.js";
import { chainOf, INPUT } from "./chain.js";
import type { CompleteLayer } from "./complete.js";

/** What a model in Keras's words is made from. */
export interface KerasModelSpec extends NetworkShape {
  readonly size: { readonly width: number; readonly height: number };
  readonly preprocess: Preprocess;
  readonly tags: readonly string[];
  readonly dropout?: number;
}

interface KerasLayer {
  readonly name: string;
  readonly className: string;
  readonly config: JsonObject;
}

export interface KerasModel {
  /** The model's config, as `model_config` has it: Keras 2's form, which Keras 2, Keras 3 and tfjs read. */
  readonly config: JsonObject;
  /** The layers in order, the input layer first. */
  readonly layers: readonly KerasLayer[];
  /** Weights that no training made, by layer. */
  readonly fixed: StoredLayers;
}

/** Name of the layer that turns pixels into the network's input. */
const PREPROCESS = "preprocess";

/**
 * A student as a Keras model of its own: it takes RGB pixels 0–255, [images, height, width, 3], and gives the scores that
 * `pipe predict` gives, [images, tags]. The preprocessing is its first layer.
 */
export function kerasModel(spec: KerasModelSpec): KerasModel {
  const { width, height } = spec.size;
  const { body, head, output } = chainOf(spec, spec.tags.length, spec.dropout ?? 0);
  const { layer, weights } = preprocessing(spec.preprocess);
  const layers: KerasLayer[] = [
    { name: INPUT, className: "InputLayer", config: { batch_input_shape: [null, height, width, 3] } },
    layer,
    ...[...body, ...head].map(kerasLayer),
    kerasLayer({ ...output, activation: "sigmoid" }),
  ];
  const last = layers.at(-1)!.name;
  const config = {
    name: spec.architecture.replaceAll("-", "_"),
    trainable: true,
    layers: layers.map(({ name, className, config }, i) => ({
      class_name: className,
      config: {
        name,
        dtype: "float32",
        // Keras 2's InputLayer takes no such word.
        ...(i === 0 ? {} : { trainable: name !== PREPROCESS }),
        ...config,
      },
      name,
      inbound_nodes: i === 0 ? [] : [[[layers[i - 1]!.name, 0, 0, {}]]],
    })),
    input_layers: [[INPUT, 0, 0]],
    output_layers: [[last, 0, 0]],
  };
  return {
    config: { class_name: "Functional", config },
    layers,
    fixed: new Map(weights.length > 0 ? [[PREPROCESS, weights]] : []),
  };
}

/** Keras has no layer for `caffe`: a 1 × 1 convolution turns the channels around and takes off the means. */
function preprocessing(mode: Preprocess): { layer: KerasLayer; weights: StoredWeight[] } {
  const rescaling = (scale: number, offset: number) => ({
    layer: { name: PREPROCESS, className: "Rescaling", config: { scale, offset } },
    weights: [],
  });
  switch (mode) {
    case "scale255":
      return rescaling(1 / 255, 0);
    case "tf":
      return rescaling(1 / 127.5, -1);
    case "caffe":
      return {
        layer: kerasLayer({
          type: "Conv2D",
          name: PREPROCESS,
          filters: 3,
          kernel_size: [1, 1],
          strides: [1, 1],
          padding: "valid",
          activation: "linear",
          use_bias: true,
          kernel_initializer: "glorot_uniform",
        }),
        weights: [
          inMemory("kernel", [1, 1, 3, 3], [0, 0, 1, 0, 1, 0, 1, 0, 0]),
          inMemory(
            "bias",
            [3],
            CAFFE_MEANS.map((mean) => -mean),
          ),
        ],
      };
  }
}

function inMemory(name: string, shape: readonly number[], values: readonly number[]): StoredWeight {
  const width = values.length / shape[0]!;
  const readRows = (start: number, end: number) =>
    Float32Array.from(values.slice(start * width, end * width));
  return { name, shape, readRows };
}

function kerasLayer(layer: CompleteLayer): KerasLayer {
  const { type: className, name } = layer;
  return { name, className, config: argumentsOf(layer) };
}

const PLACE = { data_format: "channels_last" };

function argumentsOf(layer: CompleteLayer): JsonObject {
  switch (layer.type) {
    case "Conv2D": {
      const { filters, kernel_size, strides, padding } = layer;
      return {
        filters,
        kernel_size: [...kernel_size],
        strides: [...strides],
        padding,
        ...PLACE,
        ...kernel(layer),
      };
    }
    case "Dense":
      return { units: layer.units, ...kernel(layer) };
    case "MaxPooling2D":
    case "AveragePooling2D": {
      const { pool_size, strides, padding } = layer;
      return { pool_size: [...pool_size], strides: [...strides], padding, ...PLACE };
    }
    case "GlobalMaxPooling2D":
    case "GlobalAveragePooling2D":
    case "Flatten":
      return PLACE;
    case "BatchNormalization":
      return { axis: -1, momentum: layer.momentum, epsilon: layer.epsilon, center: true, scale: true };
    case "Activation":
      return { activation: activationName(layer.activation) };
    case "Dropout":
      return { rate: layer.rate };
  }
}

const CLASSES = {
  glorot_uniform: "GlorotUniform",
  glorot_normal: "GlorotNormal",
  he_uniform: "HeUniform",
  he_normal: "HeNormal",
} as const;

function kernel(layer: Extract<CompleteLayer, { type: "Conv2D" | "Dense" }>): Record<string, Json> {
  return {
    activation: activationName(layer.activation),
    use_bias: layer.use_bias,
    kernel_initializer: { class_name: CLASSES[layer.kernel_initializer], config: { seed: null } },
    bias_initializer: { class_name: "Zeros", config: {} },
  };
}

/** tfjs knows silu by its older name alone, Keras by both. */
function activationName(name: string): string {
  return name === "silu" ? "swish" : name;
}
