import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { StageError } from "../contract/stage.js";
import { bodyOf, type NetworkShape } from "./architectures.js";
import { fromHalf, toHalf } from "./half.js";
import { KeyedDropout, type StepClock } from "./keyed-dropout.js";
import { apply } from "./layers/build.js";
import { chainOf, INPUT } from "./layers/chain.js";
import type { CompleteLayer } from "./layers/complete.js";
import { checkShapes } from "./layers/shapes.js";
import { type Preprocess, preprocess } from "./preprocess.js";

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** What a network is made from. */
export interface NetworkSpec extends NetworkShape {
  readonly size: Size;
  /** Output units. */
  readonly tags: number;
  readonly preprocess: Preprocess;
  /** Rate of each Dropout that gives none of its own. */
  readonly dropout: number;
  /** Of the initial weights and the dropout masks. */
  readonly seed: number;
}

/** A weight by its Keras name, `<layer>/<weight>`. */
export interface NamedWeight {
  readonly name: string;
  readonly value: tf.Variable;
  readonly trainable: boolean;
}

/**
 * A student: a convolutional part, a head (the seed's: Flatten, BatchNorm, Dense(tags, relu), Dropout) and Dense(tags).
 * The last layer gives logits; its sigmoid, Keras's `activation="sigmoid"`, is applied by `scores` and, in a form
 * that does not overflow, by the losses.
 */
export class Network {
  private readonly model: tfl.LayersModel;
  private readonly clock: StepClock = { step: 0 };
  private readonly chain: readonly CompleteLayer[];
  /** Layers that can be frozen: the input layer and the convolutional part. */
  private readonly base: number;
  /** Layers whose values for an image never change, the input layer included. */
  private constant = 1;
  private rounding: Precision = "float32";

  /** @throws StageError for an input too small for the architecture, or layers that do not fit together. */
  constructor(readonly spec: NetworkSpec) {
    const { architecture, size, tags, dropout, seed } = spec;
    const { width, height } = size;
    const { smallest } = bodyOf(spec);
    if (Math.min(width, height) < smallest) {
      throw new StageError(`images of ${width} × ${height} are too small for ${architecture}`, {
        class: "image-size",
        hint: `it needs at least ${smallest} pixels a side: raise resize's \`size\``,
      });
    }
    const chain = chainOf(spec, tags, dropout);
    checkShapes(chain, size);
    const { body, head, output } = chain;
    const input = tfl.input({ shape: [height, width, 3], name: INPUT });
    const draws = { seed, clock: this.clock };
    this.chain = [...body, ...head, output];
    const last = this.chain.reduce((x, layer) => apply(layer, x, draws), input);
    this.base = 1 + body.length;
    this.model = tfl.model({ inputs: input, outputs: last, name: architecture });
  }

  /** Names of the layers in order, the input layer first, as Keras counts them. */
  get layerNames(): readonly string[] {
    return this.model.layers.map((layer) => layer.name);
  }

  get parameters(): number {
    return this.model.countParams();
  }

  /**
   * Keeps the weights of the first `count` layers as they are, counted as Keras does: the input layer included.
   *
   * @param precision what `features` rounds its values to
   * @throws StageError if that would freeze the head too.
   */
  freeze(count: number, precision: Precision = "float32"): void {
    const { architecture } = this.spec;
    if (count > this.base) {
      const what = architecture === "layers" ? "the student" : architecture;
      throw new StageError(`frozen_layers is ${count}, but ${what} has ${this.base} layers before its head`, {
        class: "frozen-layers",
        hint: `use 0 to ${this.base}; the input layer counts`,
      });
    }
    for (const [i, layer] of this.model.layers.entries()) {
      layer.trainable = i >= count;
      if (!layer.trainable && layer.getClassName() === "BatchNormalization") alwaysInfers(layer);
    }
    const changes = this.model.layers.findIndex((layer, i) => i > 0 && !isConstant(layer));
    this.constant = count > 1 ? changes : 1;
    this.rounding = precision;
  }

  /** What the values that `features` gives are rounded to. */
  get precision(): Precision {
    return this.rounding;
  }

  /** The part of the network that gives an image the same values in every step; undefined where no layer is frozen. */
  get frozenPart(): FrozenPart | undefined {
    if (this.constant === 1) return undefined;
    const { outputShape } = this.model.layers[this.constant - 1]!;
    const layers = this.chain.slice(0, this.constant - 1);
    const names = new Set(layers.map(({ name }) => name));
    return {
      layers,
      shape: (outputShape as number[]).slice(1),
      weights: this.weights().filter(({ name }) => names.has(layerOf(name))),
    };
  }

  /** All weights in order, moving statistics included. The variables are the network's own. */
  weights(): NamedWeight[] {
    return this.model.weights.map((weight) => ({
      name: weight.originalName,
      value: weight.read() as tf.Variable,
      trainable: weight.trainable,
    }));
  }

  /** The weights of the convolutional part, as `weights` gives them. */
  bodyWeights(): NamedWeight[] {
    const names = new Set(this.layerNames.slice(0, this.base));
    return this.weights().filter(({ name }) => names.has(layerOf(name)));
  }

  /**
   * What the frozen part makes of pixels: what the part that learns gets. Without a frozen part, the network's input.
   *
   * @param pixels [batch, height, width, 3], 0–255
   * @returns [batch, …shape of frozenPart]
   */
  features(pixels: tf.Tensor4D): tf.Tensor {
    return tf.tidy(() => {
      const input = preprocess(pixels, this.spec.preprocess);
      const values = through(this.model.layers.slice(1, this.constant), input, false);
      return this.rounding === "float16" && this.constant > 1 ? rounded(values) : values;
    });
  }

  /**
   * Logits while training: dropout is on, batch normalisation uses and follows the batch.
   *
   * @param features as `features` gives them
   * @param step number of the training step, which keys the dropout mask
   * @returns [batch, tags]
   */
  trainingLogits(features: tf.Tensor, step: number): tf.Tensor2D {
    this.clock.step = step;
    return through(this.model.layers.slice(this.constant), features, true) as tf.Tensor2D;
  }

  /** Scores in [0, 1], [batch, tags], for pixels [batch, height, width, 3] in 0–255. */
  scores(pixels: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => tf.sigmoid(this.logits(this.features(pixels))));
  }

  /** What `scores` is the sigmoid of, by what `features` gives: no dropout, the moving statistics. */
  logits(features: tf.Tensor): tf.Tensor2D {
    return tf.tidy(() => through(this.model.layers.slice(this.constant), features, false) as tf.Tensor2D);
  }

  dispose(): void {
    this.model.dispose();
  }
}

export type Precision = "float32" | "float16";

/** The layers at the beginning of a network whose values for an image never change. */
export interface FrozenPart {
  readonly layers: readonly CompleteLayer[];
  /** Of what it makes of an image. */
  readonly shape: readonly number[];
  readonly weights: readonly NamedWeight[];
}

/** A frozen layer, or one without weights, that draws nothing. */
function isConstant(layer: tfl.layers.Layer): boolean {
  if (layer.getClassName() === KeyedDropout.className) return false;
  return !layer.trainable || layer.weights.length === 0;
}

/** The values after layers that come one after the other. */
function through(layers: readonly tfl.layers.Layer[], values: tf.Tensor, training: boolean): tf.Tensor {
  return layers.reduce((x, layer) => layer.apply(x, { training }) as tf.Tensor, values);
}

/** The values as half-precision floats have them. */
function rounded(values: tf.Tensor): tf.Tensor {
  return tf.tensor(fromHalf(toHalf(values.dataSync() as Float32Array)), values.shape);
}

/** The layer of a weight by its name, `<layer>/<weight>`. */
function layerOf(weight: string): string {
  return weight.slice(0, weight.lastIndexOf("/"));
}

/** As Keras: a frozen batch normalisation neither uses nor follows the batch. tfjs's does both. */
function alwaysInfers(layer: tfl.layers.Layer): void {
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => call(inputs, { ...kwargs, training: false });
}
