import * as tf from "@tensorflow/tfjs-core";

/** What a batch should come to. */
export interface Targets {
  /** The teacher's scores in [0, 1], [batch, tags]. */
  readonly scores: tf.Tensor2D;
  /** How much each of them counts, [batch, tags], some of every image above 0; all alike where absent. */
  readonly weights?: tf.Tensor2D | undefined;
  /** ε of label smoothing: targets move this far towards knowing nothing. */
  readonly smoothing: number;
}

/** A loss of a batch, and its gradient with respect to the logits, [batch, tags]. */
export interface TermResult {
  readonly value: tf.Scalar;
  readonly gradient: tf.Tensor2D;
}

/** Compares logits, [batch, tags], with targets. Formulas are differentiated by hand: tests check them. */
export type Term = (logits: tf.Tensor2D, targets: Targets) => TermResult;

/** A loss of each tag by itself: values and their derivatives by the logit, both [batch, tags]. */
export type TagLoss = (logits: tf.Tensor2D, scores: tf.Tensor2D) => { values: tf.Tensor; slopes: tf.Tensor };

/**
 * The weighted mean of a tag loss over tags and batch, Σ w·ℓ / Σ w, of targets smoothed as Keras smooths binary ones,
 * y ← y · (1 − ε) + ε / 2.
 */
export function perTag(loss: TagLoss): Term {
  return (logits, { scores, weights, smoothing }) => {
    const smooth = smoothing === 0 ? scores : tf.add(tf.mul(scores, 1 - smoothing), smoothing / 2);
    const { values, slopes } = loss(logits, smooth as tf.Tensor2D);
    if (!weights) {
      return { value: tf.mean(values), gradient: tf.mul(slopes, 1 / logits.size) };
    }
    const shares = tf.div(weights, tf.sum(weights));
    return { value: tf.sum(tf.mul(values, shares)), gradient: tf.mul(slopes, shares) };
  };
}

/** Teacher's scores are kept this far from 0 and 1 before their logit is taken: ±6.9. */
export const SCORE_MARGIN = 1e-3;

/** The logits that a sigmoid turns into scores. */
export function inverseSigmoid(scores: tf.Tensor2D): tf.Tensor2D {
  const clipped = tf.clipByValue(scores, SCORE_MARGIN, 1 - SCORE_MARGIN);
  return tf.log(tf.div(clipped, tf.sub(1, clipped)));
}
