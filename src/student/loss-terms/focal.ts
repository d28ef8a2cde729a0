import * as tf from "@tensorflow/tfjs-core";
import { crossEntropies } from "./bce.js";
import { perTag, type Term } from "./term.js";

/** Keeps |d|^(γ − 1) finite where γ < 1. */
const SMALLEST = 1e-7;

/**
 * Focal loss for soft targets, |q − y|^γ · bce(z, y) with q = sigmoid(z): what the student has right already counts
 * little. For targets 0 and 1 it is the focal loss of Lin et al. (arXiv:1708.02002), Keras's `binary_focal_crossentropy`;
 * for those between, the form of Li et al. (arXiv:2006.04388, "quality focal loss"), whose minimum is at q = y: Keras's
 * is not.
 *
 * With d = q − y the derivative is γ · |d|^(γ − 1) · sign(d) · q · (1 − q) · bce + |d|^γ · d.
 */
export function focal(gamma: number): Term {
  return perTag((logits, scores) => {
    const q = tf.sigmoid(logits);
    const d = tf.sub(q, scores);
    const focus = tf.pow(tf.abs(d), gamma);
    const distance = tf.maximum(tf.abs(d), SMALLEST);
    const entropies = crossEntropies(logits, scores);
    const drift = tf.mul(tf.mul(tf.pow(distance, gamma - 1), tf.div(d, distance)), tf.mul(q, tf.sub(1, q)));
    return {
      values: tf.mul(focus, entropies),
      slopes: tf.add(tf.mul(tf.mul(drift, gamma), entropies), tf.mul(focus, d)),
    };
  });
}
