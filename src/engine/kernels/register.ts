import * as tf from "@tensorflow/tfjs-core";
import { avgPoolGrad } from "./avg-pool-grad.js";
import { conv2dBackpropFilter } from "./conv2d-backprop-filter.js";
import { conv2dBackpropInput } from "./conv2d-backprop-input.js";
import { maxPoolGrad } from "./max-pool-grad.js";

/** A kernel made of other kernels and plain loops. It need not clean up: tensors it leaves are disposed of. */
export type TrainingKernel = (
  inputs: Readonly<Record<string, tf.Tensor>>,
  attrs: Readonly<Record<string, unknown>>,
  fallback: (() => tf.Tensor) | undefined,
) => tf.Tensor;

const KERNELS: Readonly<Record<string, TrainingKernel>> = {
  Conv2DBackpropFilter: conv2dBackpropFilter,
  Conv2DBackpropInput: conv2dBackpropInput,
  MaxPoolGrad: maxPoolGrad,
  AvgPoolGrad: avgPoolGrad,
};

/**
 * Registers our kernels for the wasm back end, in front of the kernels of that name it may have: those remain the
 * fallback for shapes that ours do not cover.
 */
export function registerTrainingKernels(): void {
  const backendName = "wasm";
  for (const [kernelName, kernel] of Object.entries(KERNELS)) {
    const original = tf.getKernel(kernelName, backendName);
    if (original) tf.unregisterKernel(kernelName, backendName);
    tf.registerKernel({
      kernelName,
      backendName,
      ...(original?.setupFunc ? { setupFunc: original.setupFunc } : {}),
      ...(original?.disposeFunc ? { disposeFunc: original.disposeFunc } : {}),
      kernelFunc: (call) => {
        const fallback = original && (() => asTensor(original.kernelFunc(call) as tf.TensorInfo));
        const inputs = call.inputs as unknown as Record<string, tf.Tensor>;
        return tf.tidy(() => kernel(inputs, call.attrs as Record<string, unknown>, fallback));
      },
    });
  }
}

function asTensor(info: tf.TensorInfo): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(info);
}
