import * as tf from "@tensorflow/tfjs-core";

export type LossName = "bce" | "kl";

export interface LossSpec {
  readonly name: LossName;
  /** Of kl. */
  readonly temperature: number;
}

/** Mean over the batch of a loss between logits and the teacher's scores, both [batch, tags]. */
export type Loss = (logits: tf.Tensor2D, targets: tf.Tensor2D) => tf.Scalar;

/** Teacher's scores are kept this far from 0 and 1 before their logit is taken: ±6.9. */
const EPSILON = 1e-3;

export function lossOf(spec: LossSpec): Loss {
  return spec.name === "bce" ? binaryCrossEntropy : distillation(spec.temperature);
}

/**
 * Binary cross-entropy, averaged over tags and batch, as Keras's `binary_crossentropy`, from logits z and soft
 * targets y: max(z, 0) − z·y + log(1 + exp(−|z|)). Gradient: (sigmoid(z) − y) / (batch · tags).
 *
 * Source: TensorFlow, `sigmoid_cross_entropy_with_logits`.
 */
export const binaryCrossEntropy: Loss = (logits, targets) => {
  const f = tf.customGrad((...args) => {
    const [z, y, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([z, y]);
    const terms = tf.add(tf.sub(tf.relu(z), tf.mul(z, y)), tf.softplus(tf.neg(tf.abs(z))));
    return {
      value: tf.mean(terms) as tf.Scalar,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [logit, target] = saved as [tf.Tensor2D, tf.Tensor2D];
        const dz = tf.mul(tf.sub(tf.sigmoid(logit), target), tf.div(dy, logit.size));
        return [dz, tf.zerosLike(target)];
      },
    };
  });
  return f(logits, targets) as tf.Scalar;
};

/**
 * Distillation loss of Hinton et al. (arXiv:1503.02531): T² · KL(p ‖ q), averaged over the batch, with softmax over
 * tags, q = softmax(z / T) of the student's logits z, and p the teacher's distribution. A tagging teacher gives
 * independent scores, not logits; their inverse is log(s / (1 − s)), so p = softmax(logit(clip(s)) / T).
 * Gradient: T · (q − p) / batch.
 *
 * A softmax fixes logits only up to a constant for each image: scores of a student trained so rank the tags of an
 * image well, but are not calibrated.
 */
export function distillation(temperature: number): Loss {
  return (logits, targets) => {
    const f = tf.customGrad((...args) => {
      const [z, s, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
      const clipped = tf.clipByValue(s, EPSILON, 1 - EPSILON);
      const teacher = logSoftmax(tf.div(tf.log(tf.div(clipped, tf.sub(1, clipped))), temperature));
      const student = logSoftmax(tf.div(z, temperature));
      const p = tf.exp(teacher);
      const divergence = tf.sum(tf.mul(p, tf.sub(teacher, student)));
      const batch = z.shape[0];
      save([student, p as tf.Tensor2D]);
      return {
        value: tf.mul(divergence, temperature ** 2 / batch) as tf.Scalar,
        gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
          const [logQ, teacherP] = saved as [tf.Tensor2D, tf.Tensor2D];
          const dz = tf.mul(tf.sub(tf.exp(logQ), teacherP), tf.mul(dy, temperature / batch));
          return [dz, tf.zerosLike(teacherP)];
        },
      };
    });
    return f(logits, targets) as tf.Scalar;
  };
}

/** log softmax over the last axis, from kernels that every engine has. */
function logSoftmax(z: tf.Tensor): tf.Tensor {
  const shifted = tf.sub(z, tf.max(z, -1, true));
  return tf.sub(shifted, tf.log(tf.sum(tf.exp(shifted), -1, true)));
}
