import * as tf from "@tensorflow/tfjs-core";
import { float32, type NativeBackend } from "./backend.js";

/**
 * Has the product of two matrices as they are computed by TensorFlow's MatMul. To tfjs all products are batches, and its
 * kernel runs BatchMatMulV2, which takes a quarter more of the processor for a batch of one; where one is transposed,
 * as in the gradient, it takes less, and stays.
 */
export function registerMatMul(backend: NativeBackend): void {
  const batched = tf.getKernel(tf.BatchMatMul, "tensorflow");
  if (!batched) return;
  tf.unregisterKernel(tf.BatchMatMul, "tensorflow");
  tf.registerKernel({
    kernelName: tf.BatchMatMul,
    backendName: "tensorflow",
    kernelFunc: (call) => {
      const { a, b } = call.inputs as { a: tf.Tensor; b: tf.Tensor };
      const { transposeA, transposeB } = call.attrs as unknown as tf.BatchMatMulAttrs;
      const fits = a.dtype === "float32" && isMatrix(a) && isMatrix(b) && !transposeA && !transposeB;
      if (!fits) return batched.kernelFunc(call);
      return tf.tidy(() => {
        const matrices = [tf.squeeze(a, [0]), tf.squeeze(b, [0])];
        const product = backend.executeSingleOutput("MatMul", [float32(backend, "T")], matrices);
        return tf.expandDims(product, 0);
      });
    },
  });
}

/** Whether it is a batch of one matrix. */
function isMatrix({ shape }: tf.TensorInfo): boolean {
  return shape.length === 3 && shape[0] === 1;
}
