import * as tf from "@tensorflow/tfjs-core";
import type { NamedWeight } from "./network.js";
import type { Gradients, Optimizer, OptimizerState } from "./optimizer.js";
import { Slots } from "./slots.js";

export interface SgdOptions {
  /** μ; with 0 no velocity is kept. */
  readonly momentum: number;
  readonly nesterov: boolean;
}

/**
 * Stochastic gradient descent as Keras: w ← w − lr · g; with momentum v ← μv − lr · g, w ← w + v, or in Nesterov's form
 * (Sutskever et al., ICML 2013) w ← w + μv − lr · g with the new v.
 */
export class Sgd implements Optimizer {
  state: OptimizerState = {};
  private readonly velocities: Slots;

  constructor(
    weights: readonly NamedWeight[],
    private readonly options: SgdOptions,
  ) {
    this.velocities = new Slots(weights, options.momentum === 0 ? [] : ["velocity"]);
  }

  slots() {
    return this.velocities.named();
  }

  apply(gradients: Gradients, learningRate: number): void {
    const { momentum, nesterov } = this.options;
    for (const { weight, kept } of this.velocities) {
      const { velocity } = kept;
      tf.tidy(() => {
        const fall = tf.mul(gradients[weight.name]!, -learningRate);
        velocity?.assign(tf.add(tf.mul(velocity, momentum), fall));
        const move = velocity && nesterov ? tf.add(tf.mul(velocity, momentum), fall) : (velocity ?? fall);
        weight.assign(tf.add(weight, move));
      });
    }
  }

  dispose(): void {
    this.velocities.dispose();
  }
}
