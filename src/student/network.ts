import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { StageError } from "../contract/stage.js";
import { bodyOf, type NetworkShape } from "./architectures.js";
import type { StepClock } from "./keyed-dropout.js";
import { apply } from "./layers/build.js";
import { chainOf, INPUT } from "./layers/chain.js";
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

  /** Layers that can be frozen: the input layer and the convolutional part. */
  private readonly base: number;

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
    const { body, head, output } = chainOf(spec, tags, dropout);
    const input = tfl.input({ shape: [height, width, 3], name: INPUT });
    const draws = { seed, clock: this.clock };
    const last = [...body, ...head, output].reduce((x, layer) => apply(layer, x, draws), input);
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
   * @throws StageError if that would freeze the head too.
   */
  freeze(count: number): void {
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
    return this.weights().filter(({ name }) => names.has(name.slice(0, name.lastIndexOf("/"))));
  }

  /**
   * Logits while training: dropout is on, batch normalisation uses and follows the batch.
   *
   * @param pixels [batch, height, width, 3], 0–255
   * @param step number of the training step, which keys the dropout mask
   * @returns [batch, tags]
   */
  trainingLogits(pixels: tf.Tensor4D, step: number): tf.Tensor2D {
    this.clock.step = step;
    const input = preprocess(pixels, this.spec.preprocess);
    return this.model.apply(input, { training: true }) as tf.Tensor2D;
  }

  /** Scores in [0, 1], [batch, tags], for pixels [batch, height, width, 3] in 0–255. */
  scores(pixels: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => tf.sigmoid(this.logits(pixels)));
  }

  /** What `scores` is the sigmoid of: no dropout, the moving statistics. */
  logits(pixels: tf.Tensor4D): tf.Tensor2D {
    return tf.tidy(() => {
      const input = preprocess(pixels, this.spec.preprocess);
      return this.model.apply(input, { training: false }) as tf.Tensor2D;
    });
  }

  dispose(): void {
    this.model.dispose();
  }
}

/** As Keras: a frozen batch normalisation neither uses nor follows the batch. tfjs's does both. */
function alwaysInfers(layer: tfl.layers.Layer): void {
  const call = layer.call.bind(layer);
  layer.call = (inputs, kwargs) => call(inputs, { ...kwargs, training: false });
}
