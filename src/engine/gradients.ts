import * as tf from "@tensorflow/tfjs-core";

/**
 * Gradients of the kernels that students are made of. tfjs-core ships all gradients in a module that Node cannot
 * load without the whole `@tensorflow/tfjs` bundle (0.3 s and four back ends); students need these few.
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

/** Sums a gradient over the axes that broadcasting added or stretched: shape of dy → `shape`. */
function unbroadcast(dy: tf.Tensor, shape: number[]): tf.Tensor {
  const axes = tf.broadcast_util.getReductionAxes(shape, dy.shape);
  return tf.reshape(axes.length > 0 ? tf.sum(dy, axes) : dy, shape);
}

/** Stretches the gradient of a reduction over `axis` back to the shape of its input. */
function stretch(dy: tf.Tensor, x: tf.Tensor, axis: unknown): tf.Tensor {
  const kept = [...x.shape];
  for (const a of tf.util.parseAxisParam(axis as number | number[], x.shape)) kept[a] = 1;
  return tf.mul(tf.reshape(dy, kept), tf.onesLike(x));
}

const GRADIENTS: Readonly<Record<string, Gradient>> = {
  Add: {
    inputsToSave: ["a", "b"],
    gradFunc: (dy, [a, b]) => ({
      a: () => unbroadcast(dy, a!.shape),
      b: () => unbroadcast(dy, b!.shape),
    }),
  },
  Sub: {
    inputsToSave: ["a", "b"],
    gradFunc: (dy, [a, b]) => ({
      a: () => unbroadcast(dy, a!.shape),
      b: () => tf.neg(unbroadcast(dy, b!.shape)),
    }),
  },
  Multiply: {
    inputsToSave: ["a", "b"],
    gradFunc: (dy, [a, b]) => ({
      a: () => unbroadcast(tf.mul(dy, b!), a!.shape),
      b: () => unbroadcast(tf.mul(dy, a!), b!.shape),
    }),
  },
  Square: {
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(dy, tf.mul(x!, 2)) }),
  },
  Sum: {
    inputsToSave: ["x"],
    gradFunc: (dy, [x], { axis }) => ({ x: () => stretch(dy, x!, axis) }),
  },
  Mean: {
    inputsToSave: ["x"],
    gradFunc: (dy, [x], { axis }) => ({
      x: () => tf.mul(stretch(dy, x!, axis), dy.size / x!.size),
    }),
  },
  Reshape: {
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({ x: () => tf.reshape(dy, x!.shape) }),
  },
  Identity: { gradFunc: (dy) => ({ x: () => tf.clone(dy) }) },
  Cast: { gradFunc: (dy) => ({ x: () => tf.clone(dy) }) },
  Relu: {
    inputsToSave: ["x"],
    gradFunc: (dy, [x]) => ({ x: () => tf.mul(dy, tf.step(x!)) }),
  },
  Sigmoid: {
    outputsToSave: [true],
    gradFunc: (dy, [y]) => ({ x: () => tf.mul(dy, tf.mul(y!, tf.sub(1, y!))) }),
  },
  BatchMatMul: {
    inputsToSave: ["a", "b"],
    gradFunc: (dy, [a, b], { transposeA, transposeB }) => {
      if (transposeA || transposeB)
        throw new Error("the gradient of a transposed product is not implemented");
      return { a: () => tf.matMul(dy, b!, false, true), b: () => tf.matMul(a!, dy, true, false) };
    },
  },
  Conv2D: {
    inputsToSave: ["x", "filter"],
    gradFunc: (dy, [x, filter], { strides, pad, dataFormat }) => ({
      x: () =>
        tf.engine().runKernel("Conv2DBackpropInput", { dy, filter: filter! }, {
          strides,
          pad,
          dataFormat,
          inputShape: x!.shape,
        } as unknown as tf.NamedAttrMap),
      filter: () =>
        tf.engine().runKernel("Conv2DBackpropFilter", { x: x!, dy }, {
          strides,
          pad,
          dataFormat,
          filterShape: filter!.shape,
        } as unknown as tf.NamedAttrMap),
    }),
  },
  MaxPool: {
    inputsToSave: ["x"],
    outputsToSave: [true],
    gradFunc: (dy, [x, y], { filterSize, strides, pad }) => ({
      x: () =>
        tf.engine().runKernel("MaxPoolGrad", { dy, input: x!, output: y! }, {
          filterSize,
          strides,
          pad,
        } as unknown as tf.NamedAttrMap),
    }),
  },
  /** y = (x − mean) · rsqrt(variance + ε) · scale + offset over the last axis; statistics of shape [channels]. */
  FusedBatchNorm: {
    inputsToSave: ["x", "mean", "variance", "scale"],
    gradFunc: (dy, [x, mean, variance, scale], { varianceEpsilon }) => {
      const r = tf.rsqrt(tf.add(variance!, varianceEpsilon as number));
      const perChannel = (t: tf.Tensor) => unbroadcast(t, mean!.shape);
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

/** Registers each gradient that is not there yet (the native package brings tfjs's own). */
export function registerGradients(): void {
  for (const [kernelName, gradient] of Object.entries(GRADIENTS)) {
    if (tf.getGradient(kernelName) === undefined) {
      tf.registerGradient({ kernelName, ...gradient } as tf.GradConfig);
    }
  }
}
