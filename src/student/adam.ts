import * as tf from "@tensorflow/tfjs-core";
import { adamSteps } from "../engine/native/adam.js";
import { nativeBackend } from "../engine/native/backend.js";
import type { NamedWeight } from "./network.js";
import type { Gradients, Optimizer, OptimizerState } from "./optimizer.js";
import { Slots } from "./slots.js";

const BETA1 = 0.9;
const BETA2 = 0.999;
/** Keras's default, added after the square root. */
const EPSILON = 1e-7;

/**
 * Adam (Kingma and Ba, arXiv:1412.6980, the efficient form at the end of section 2, as Keras):
 * m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − lr · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).
 *
 * With a weight decay λ it is AdamW (Loshchilov and Hutter, arXiv:1711.05101): w ← w − lr · λ · w before the step, for
 * every weight, as Keras.
 */
export class Adam implements Optimizer {
  // Stored as they are: powers computed anew differ after 100 steps.
  private power1 = 1;
  private power2 = 1;
  private readonly moments: Slots;

  constructor(
    weights: readonly NamedWeight[],
    private readonly weightDecay = 0,
  ) {
    this.moments = new Slots(weights, ["m", "v"]);
  }

  get state(): OptimizerState {
    return { beta1: this.power1, beta2: this.power2 };
  }

  set state({ beta1, beta2 }: OptimizerState) {
    this.power1 = beta1!;
    this.power2 = beta2!;
  }

  slots() {
    return this.moments.named();
  }

  apply(gradients: Gradients, learningRate: number): void {
    this.power1 *= BETA1;
    this.power2 *= BETA2;
    const rate = (learningRate * Math.sqrt(1 - this.power2)) / (1 - this.power1);
    const decay = 1 - learningRate * this.weightDecay;
    tf.tidy(() => {
      const step = stepOf(rate);
      for (const { weight, kept } of this.moments) {
        if (decay !== 1) tf.tidy(() => weight.assign(tf.mul(weight, decay)));
        step([weight, kept.m!, kept.v!], gradients[weight.name]!);
      }
    });
  }

  dispose(): void {
    this.moments.dispose();
  }
}

type Step = ReturnType<typeof adamSteps>;

/** The step of a weight, as the engine takes it fastest. */
function stepOf(rate: number): Step {
  const native = nativeBackend();
  if (native) return adamSteps(native, { beta1: BETA1, beta2: BETA2, epsilon: EPSILON, rate });
  return ([weight, m, v], g) => {
    tf.tidy(() => {
      m.assign(tf.add(tf.mul(m, BETA1), tf.mul(g, 1 - BETA1)));
      v.assign(tf.add(tf.mul(v, BETA2), tf.mul(tf.square(g), 1 - BETA2)));
      weight.assign(tf.sub(weight, tf.mul(tf.div(m, tf.add(tf.sqrt(v), EPSILON)), rate)));
    });
  };
}
