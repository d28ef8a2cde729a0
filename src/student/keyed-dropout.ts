import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { random } from "./random.js";

/** The number of the training step in progress, shared by the layers that draw random numbers. */
export interface StepClock {
  step: number;
}

/**
 * Dropout whose mask depends on (seed, layer name, step) alone. tfjs's own `dropout({seed})` draws the same mask at
 * every call, and without a seed a resumed run differs.
 *
 * While training, y = x · mask / (1 − rate) with mask 0 at a share `rate` of the elements; else y = x.
 */
export class KeyedDropout extends tfl.layers.Layer {
  static readonly className = "KeyedDropout";

  constructor(
    name: string,
    private readonly rate: number,
    private readonly seed: number,
    private readonly clock: StepClock,
  ) {
    super({ name });
  }

  override computeOutputShape(inputShape: tfl.Shape | tfl.Shape[]): tfl.Shape | tfl.Shape[] {
    return inputShape;
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    if (!kwargs.training || this.rate === 0) return tf.clone(x);
    return tf.mul(x, this.mask(x.shape));
  }

  private mask(shape: number[]): tf.Tensor {
    const source = random("dropout", this.seed, this.name, this.clock.step);
    const values = new Float32Array(tf.util.sizeFromShape(shape));
    const scale = 1 / (1 - this.rate);
    for (let i = 0; i < values.length; i++) values[i] = source.next() < this.rate ? 0 : scale;
    return tf.tensor(values, shape);
  }

  override getClassName(): string {
    return KeyedDropout.className;
  }
}
