import * as tf from "@tensorflow/tfjs-core";
import { perTag, type Term } from "./term.js";

/**
 * Binary cross-entropy, averaged over tags and batch, as Keras's `binary_crossentropy`, from logits z and soft
 * targets y: max(z, 0) − z·y + log(1 + exp(−|z|)). Gradient: (sigmoid(z) − y) / (batch · tags).
 *
 * Source: TensorFlow, `sigmoid_cross_entropy_with_logits`.
 */
export const bce: Term = perTag((logits, scores) => ({
  values: crossEntropies(logits, scores),
  slopes: tf.sub(tf.sigmoid(logits), scores),
}));

/** The cross-entropy of each tag's score with the sigmoid of its logit. */
export function crossEntropies(logits: tf.Tensor, scores: tf.Tensor): tf.Tensor {
  return tf.add(tf.sub(tf.relu(logits), tf.mul(logits, scores)), tf.softplus(tf.neg(tf.abs(logits))));
}
