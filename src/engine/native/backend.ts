import * as tf from "@tensorflow/tfjs-core";

/** An attribute of a TensorFlow op, as the bindings take it: a string or a type, or a list, where they take lists. */
export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** A tensor that an op gave: the bindings know it by its number. */
interface Output {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

/** What of the compiled bindings is used here; the rest is for the package's own back end. */
export interface Bindings {
  readonly TF_Version: string;
  readonly TF_FLOAT: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_ATTR_STRING: number;
  /** Runs an op on tensors by their numbers. @throws Error with TensorFlow's words */
  executeOp(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): readonly Output[];
  deleteTensor(id: number): void;
}

/** What of the package's back end is used here. */
export interface NativeBackend extends tf.KernelBackend {
  readonly isUsingGpuDevice: boolean;
  readonly binding: Bindings;
  /** What tensors are to the bindings, by data id. */
  readonly tensorMap: { get(dataId: tf.DataId): { id: number } };
  /** The numbers of tensors; those that were only values so far are given one. */
  getInputTensorIds(tensors: readonly tf.TensorInfo[]): readonly number[];
  createOutputTensor(output: Output): tf.Tensor;
  executeSingleOutput(
    name: string,
    attributes: readonly OpAttribute[],
    inputs: readonly tf.TensorInfo[],
  ): tf.Tensor;
}

/** The native back end, where it is the current one. */
export function nativeBackend(): NativeBackend | undefined {
  return tf.getBackend() === "tensorflow" ? (tf.backend() as unknown as NativeBackend) : undefined;
}

/** An attribute that is the type float32. */
export function float32({ binding }: NativeBackend, name: string): OpAttribute {
  return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
}
