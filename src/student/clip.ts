import * as tf from "@tensorflow/tfjs-core";
import type { Gradients } from "./optimizer.js";

/**
 * Shortens gradients together to a global norm, as TensorFlow's `clip_by_global_norm` (Pascanu et al.,
 * arXiv:1211.5063): g ← g · c / max(‖g‖, c), with the norm over all of them.
 */
export function clipByGlobalNorm(gradients: Gradients, norm: number): Gradients {
  return tf.tidy(() => {
    const squares = Object.values(gradients).map((g) => tf.sum(tf.square(g)));
    const scale = tf.div(norm, tf.maximum(tf.sqrt(tf.addN(squares)), norm));
    return Object.fromEntries(Object.entries(gradients).map(([name, g]) => [name, tf.mul(g, scale)]));
  });
}
