import * as tf from "@tensorflow/tfjs-core";

/** What of tfjs's wasm back end is used here: tensors lie in WebAssembly memory, which JavaScript sees as it is. */
interface WasmBackend {
  makeOutput(shape: readonly number[], dtype: "float32"): tf.TensorInfo;
  typedArrayFromHeap(info: tf.TensorInfo): Float32Array;
}

/** A new tensor whose values are whatever the memory held: every element must be written. */
export function emptyTensor(shape: readonly number[]): tf.Tensor {
  return tf.engine().makeTensorFromTensorInfo(backend().makeOutput(shape, "float32"));
}

/** A tensor's own values, not a copy. Valid until the next tensor is made: memory may move when it grows. */
export function heapOf(tensor: tf.Tensor): Float32Array {
  return backend().typedArrayFromHeap(tensor);
}

function backend(): WasmBackend {
  return tf.backend() as unknown as WasmBackend;
}
