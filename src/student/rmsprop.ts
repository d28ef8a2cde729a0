import * as tf from "@tensorflow/tfjs-core";
import type { NamedWeight } from "./network.js";
import type { Gradients, Optimizer, OptimizerState } from "./optimizer.js";
import { Slots } from "./slots.js";

export interface RmsPropOptions {
  /** ρ, the share of the running mean of squares that a step keeps. */
  readonly rho: number;
  /** μ; with 0 no momentum is kept. */
  readonly momentum: number;
}

/** Keras's default, added under the square root. */
const EPSILON = 1e-7;

/**
 * RMSprop (Tieleman and Hinton, Coursera lecture 6.5) as Keras, not centred: v ← ρv + (1 − ρ)g², w ← w − lr · g / √(v + ε);
 * with momentum m ← μm + lr · g / √(v + ε), w ← w − m.
 */
export class RmsProp implements Optimizer {
  state: OptimizerState = {};
  private readonly means: Slots;

  constructor(
    weights: readonly NamedWeight[],
    private readonly options: RmsPropOptions,
  ) {
    this.means = new Slots(weights, options.momentum === 0 ? ["square"] : ["square", "momentum"]);
  }

  slots() {
    return this.means.named();
  }

  apply(gradients: Gradients, learningRate: number): void {
    const { rho, momentum } = this.options;
    for (const { weight, kept } of this.means) {
      const square = kept.square!;
      const g = gradients[weight.name]!;
      tf.tidy(() => {
        square.assign(tf.add(tf.mul(square, rho), tf.mul(tf.square(g), 1 - rho)));
        const fall = tf.div(tf.mul(g, learningRate), tf.sqrt(tf.add(square, EPSILON)));
        kept.momentum?.assign(tf.add(tf.mul(kept.momentum, momentum), fall));
        weight.assign(tf.sub(weight, kept.momentum ?? fall));
      });
    }
  }

  dispose(): void {
    this.means.dispose();
  }
}
