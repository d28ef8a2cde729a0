import * as tf from "@tensorflow/tfjs-core";
import { inverseSigmoid, SCORE_MARGIN, type Targets, type Term } from "./term.js";

/** The function whose inverse gives the teacher's logits: a tagger scores each tag by itself, or all together. */
export type Inverse = "sigmoid" | "softmax";

/** Takes a tag of weight 0 out of a softmax: finite, so that 0 · log 0 is 0. */
const NOTHING = -1e4;
/** Kept from 0 before its logarithm is taken; times 0 in the sum. */
const TINY = 1e-30;

/**
 * Distillation loss of Hinton et al. (arXiv:1503.02531): T² · KL(p ‖ q), averaged over the batch, with softmax over
 * tags, q = softmax(z / T) of the student's logits z, and p the teacher's distribution. A tagging teacher gives
 * scores s, not logits. Their inverse is log(s / (1 − s)) where each tag has a sigmoid of its own, so
 * p = softmax(logit(clip(s)) / T); where they are read as a softmax's output (the seed's idea), it is log(s) up to a
 * constant, so p ∝ clip(s)^(1 / T). Gradient: T · (q − p) / batch.
 *
 * A tag of weight w counts as w equal tags would: log w is added to both logits, which keeps this a divergence, 0
 * at z = the teacher's logits. Smoothing gives p ← p · (1 − ε) + ε · (the share of each tag's weight).
 *
 * A softmax fixes logits only up to a constant for each image: scores of a student trained so rank the tags of an
 * image well, but are not calibrated.
 */
export function kl(temperature: number, inverse: Inverse): Term {
  return (logits, targets) => {
    const shift = targets.weights && logWeights(targets.weights);
    const distribution = (z: tf.Tensor) => {
      const soft = tf.div(z, temperature);
      return logSoftmax(shift ? tf.add(soft, shift) : soft);
    };
    const student = distribution(logits);
    const [logP, p] = smoothed(distribution(teacherLogits(targets.scores, inverse)), targets, shift);
    const batch = logits.shape[0];
    const divergence = tf.sum(tf.mul(p, tf.sub(logP, student)));
    return {
      value: tf.mul(divergence, temperature ** 2 / batch),
      gradient: tf.mul(tf.sub(tf.exp(student), p), temperature / batch),
    };
  };
}

function teacherLogits(scores: tf.Tensor2D, inverse: Inverse): tf.Tensor2D {
  return inverse === "sigmoid" ? inverseSigmoid(scores) : tf.log(tf.clipByValue(scores, SCORE_MARGIN, 1));
}

/** log p and p, [batch, tags]. */
function smoothed(
  logP: tf.Tensor,
  { smoothing }: Targets,
  shift: tf.Tensor | undefined,
): [logP: tf.Tensor, p: tf.Tensor] {
  const p = tf.exp(logP);
  if (smoothing === 0) return [logP, p];
  const uniform = shift ? tf.exp(logSoftmax(shift)) : 1 / (p.shape[1] ?? 1);
  const mixed = tf.add(tf.mul(p, 1 - smoothing), tf.mul(uniform, smoothing));
  return [tf.log(tf.maximum(mixed, TINY)), mixed];
}

function logWeights(weights: tf.Tensor2D): tf.Tensor {
  return tf.maximum(tf.log(weights), NOTHING);
}

/** log softmax over the last axis, from kernels that every engine has. */
function logSoftmax(z: tf.Tensor): tf.Tensor {
  const shifted = tf.sub(z, tf.max(z, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}
