import * as tf from "@tensorflow/tfjs-core";
import { float32, nativeBackend } from "./native/backend.js";

/**
 * Faster forms of four of tfjs's gradients. Three batch normalisation meets in every step: tfjs's own make tensors of
 * ones in JavaScript and tile statistics to the size of the images instead of broadcasting them. That of relu is a
 * product with a step, which the native back end composes of five operations.
 *
 * Each function gets dy, the gradient with respect to the output, and gives the gradients with respect to the
 * inputs, lazily: tfjs calls only those that a trained variable depends on.
 */
type Gradient = Omit<tf.GradConfig, "kernelName" | "gradFunc"> & {
  readonly gradFunc: (
    dy: tf.Tensor,
    saved: tf.Tensor[],
    attrs: Record<string, unknown>,
  ) => Record<string, () => tf.Tensor>;
};

/** Stretches the gradient of a reduction over `axis` back to the shape of its input. */
function stretch(dy: tf.Tensor, x: tf.Tensor, axis: unknown): tf.Tensor {
  const kept = [...x.shape];
  for (const a of tf.util.parseAxisParam(axis as number | number[], x.shape)) kept[a] = 1;
  return tf.mul(tf.reshape(dy, kept), tf.fill(x.shape, 1));
}

/** dy where y, relu's output, is above 0. */
function reluGradient(dy: tf.Tensor, y: tf.Tensor): tf.Tensor {
  const native = nativeBackend();
  if (native) return native.executeSingleOutput("ReluGrad", [float32(native, "T")], [dy, y]);
  return tf.mul(dy, tf.step(y));
}

const GRADIENTS: Readonly<Record<string, Gradient>> = {
  Relu: {
    // The output tells as much as the input does, which then need not be kept.
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => reluGradient(dy, y!) }),
  },
  Sum: {
    inputsToSave: ["x"],
    gradFunc: (dy, [x], { axis }) => ({ x: () => stretch(dy, x!, axis) }),
  },
  Mean: {
    inputsToSave: ["x"],
    gradFunc: (dy, [x], { axis }) => ({
      x: () => stretch(tf.mul(dy, dy.size / x!.size), x!, axis),
    }),
  },
  /** y = (x − mean) · rsqrt(variance + ε) · scale + offset over the last axis; statistics of shape [channels]. */
  FusedBatchNorm: {
    inputsToSave: ["x", "mean", "variance", "scale"],
    gradFunc: (dy, [x, mean, variance, scale], { varianceEpsilon }) => {
      const r = tf.rsqrt(tf.add(variance!, varianceEpsilon as number));
      const axes = Array.from({ length: x!.rank - 1 }, (_, i) => i);
      const perChannel = (t: tf.Tensor) => tf.sum(t, axes);
      const centred = () => tf.sub(x!, mean!);
      return {
        x: () => tf.mul(dy, tf.mul(r, scale!)),
        mean: () => tf.neg(tf.mul(perChannel(dy), tf.mul(r, scale!))),
        variance: () =>
          tf.mul(perChannel(tf.mul(dy, centred())), tf.mul(scale!, tf.mul(tf.mul(r, tf.mul(r, r)), -0.5))),
        scale: () => tf.mul(perChannel(tf.mul(dy, centred())), r),
        offset: () => perChannel(dy),
      };
    },
  },
};

/** Registers them in the place of tfjs's own. */
export function registerGradients(): void {
  for (const [kernelName, gradient] of Object.entries(GRADIENTS)) {
    if (tf.getGradient(kernelName)) tf.unregisterGradient(kernelName);
    tf.registerGradient({ kernelName, ...gradient } as tf.GradConfig);
  }
}
