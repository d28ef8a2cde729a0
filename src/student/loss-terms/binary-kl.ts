import * as tf from "@tensorflow/tfjs-core";
import { crossEntropies } from "./bce.js";
import { inverseSigmoid, perTag, type Term } from "./term.js";

/**
 * Multi-label logits distillation of L2D (Yang et al., ICCV 2023, arXiv:2308.06453), with a temperature: each tag is
 * a distribution over present and absent, T² · (KL(p ‖ q) + …) = T² · (p·log(p/q) + (1 − p)·log((1 − p)/(1 − q))), averaged
 * over tags and batch, p = sigmoid(logit(clip(s)) / T) of the teacher's score s, q = sigmoid(z / T).
 * Gradient: T · (q − p) / (batch · tags). The paper has T = 1 and weighs the term by 10 beside bce.
 */
export function binaryKl(temperature: number): Term {
  return perTag((logits, scores) => {
    const teacher = tf.div(inverseSigmoid(scores), temperature);
    const student = tf.div(logits, temperature);
    const p = tf.sigmoid(teacher);
    // KL is the cross-entropy with the student less the one with oneself.
    const divergences = tf.sub(crossEntropies(student, p), crossEntropies(teacher, p));
    return {
      values: tf.mul(divergences, temperature ** 2),
      slopes: tf.mul(tf.sub(tf.sigmoid(student), p), temperature),
    };
  });
}
