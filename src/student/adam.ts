import * as tf from "@tensorflow/tfjs-core";
import type { NamedWeight } from "./network.js";

/** Adam's state beside its moments: the running powers, stored as they are. Recomputed ones differ after 100 steps. */
export interface AdamPowers {
  readonly beta1: number;
  readonly beta2: number;
}

const BETA1 = 0.9;
const BETA2 = 0.999;
/** Keras's default, added after the square root. */
const EPSILON = 1e-7;

/**
 * Adam (Kingma and Ba, arXiv:1412.6980, the efficient form at the end of section 2, as Keras):
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).
 */
export class Adam {
  private power1 = 1;
  private power2 = 1;
  private readonly slots: readonly { weight: tf.Variable; name: string; m: tf.Variable; v: tf.Variable }[];

  constructor(weights: readonly NamedWeight[]) {
    this.slots = weights.map(({ name, value }) => ({
      name,
      weight: value,
      m: tf.tidy(() => tf.variable(tf.zerosLike(value), false)),
      v: tf.tidy(() => tf.variable(tf.zerosLike(value), false)),
    }));
  }

  get powers(): AdamPowers {
    return { beta1: this.power1, beta2: this.power2 };
  }

  set powers({ beta1, beta2 }: AdamPowers) {
    this.power1 = beta1;
    this.power2 = beta2;
  }

  /** The moments by name, `<weight>/m` and `<weight>/v`. */
  moments(): { readonly name: string; readonly value: tf.Variable }[] {
    return this.slots.flatMap(({ name, m, v }) => [
      { name: `${name}/m`, value: m },
      { name: `${name}/v`, value: v },
    ]);
  }

  /** One step down gradients given by variable name. */
  apply(gradients: Readonly<Record<string, tf.Tensor>>, learningRate: number): void {
    this.power1 *= BETA1;
    this.power2 *= BETA2;
    const rate = (learningRate * Math.sqrt(1 - this.power2)) / (1 - this.power1);
    for (const { weight, m, v } of this.slots) {
      const g = gradients[weight.name]!;
      tf.tidy(() => {
        m.assign(tf.add(tf.mul(m, BETA1), tf.mul(g, 1 - BETA1)));
        v.assign(tf.add(tf.mul(v, BETA2), tf.mul(tf.square(g), 1 - BETA2)));
        weight.assign(tf.sub(weight, tf.mul(tf.div(m, tf.add(tf.sqrt(v), EPSILON)), rate)));
      });
    }
  }

  dispose(): void {
    for (const { m, v } of this.slots) tf.dispose([m, v]);
  }
}
