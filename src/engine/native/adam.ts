import * as tf from "@tensorflow/tfjs-core";
import { float32, type NativeBackend } from "./backend.js";

/** TensorFlow's variables through which weights and their moments pass, by number; they are TensorFlow's for good. */
const handles = new WeakMap<NativeBackend, readonly number[]>();

/**
 * Steps of Adam in one pass over memory by TensorFlow's own op, ResourceApplyAdam, which writes into the buffers of
 * the weight and its moments where nobody else holds them. Of tfjs's operations a step takes sixteen passes and as
 * many new tensors.
 *
 * A variable that was made from a typed array may still lie in it: the array then changes.
 *
 * @param rate of the formula m / (√v + ε); the op's own correction of it is left out by powers of 0
 * @returns takes the step of one weight with its moments m and v
 */
export function adamSteps(
  backend: NativeBackend,
  { beta1, beta2, epsilon, rate }: Readonly<Record<"beta1" | "beta2" | "epsilon" | "rate", number>>,
): (variables: readonly [weight: tf.Variable, m: tf.Variable, v: tf.Variable], gradient: tf.Tensor) => void {
  const { binding } = backend;
  const scalars = [0, 0, rate, beta1, beta2, epsilon].map((value) => tf.scalar(value));
  const resources = resourcesOf(backend);
  const dtype = [float32(backend, "dtype")];
  return (variables, gradient) => {
    for (const [i, variable] of variables.entries()) {
      const [value] = backend.getInputTensorIds([variable]);
      binding.executeOp("AssignVariableOp", dtype, [resources[i]!, value!], 0);
      // The resource alone is to hold the buffer; else TensorFlow writes into a copy.
      if (backend.refCount(variable.dataId) === 1) {
        binding.deleteTensor(value!);
        backend.tensorMap.get(variable.dataId).id = -1;
      }
    }
    const rest = backend.getInputTensorIds([...scalars, gradient]);
    binding.executeOp("ResourceApplyAdam", [float32(backend, "T")], [...resources, ...rest], 0);
    for (const [i, variable] of variables.entries()) {
      const [output] = binding.executeOp("ReadVariableOp", dtype, [resources[i]!], 1);
      const value = backend.createOutputTensor(output!);
      variable.assign(value);
      value.dispose();
    }
  };
}

function resourcesOf(backend: NativeBackend): readonly number[] {
  const known = handles.get(backend);
  if (known) return known;
  const { binding } = backend;
  const made = ["weight", "m", "v"].map((name) => {
    const attributes = [
      float32(backend, "dtype"),
      // The shape is not checked: one variable serves weights of every shape.
      { name: "shape", type: binding.TF_ATTR_SHAPE, value: [] },
      { name: "shared_name", type: binding.TF_ATTR_STRING, value: `pipestill/adam/${name}` },
    ];
    return binding.executeOp("VarHandleOp", attributes, [], 1)[0]!.id;
  });
  handles.set(backend, made);
  return made;
}
