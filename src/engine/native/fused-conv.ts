import * as tf from "@tensorflow/tfjs-core";
import { float32, type NativeBackend, type OpAttribute } from "./backend.js";

/** What TensorFlow's op can do after a convolution, by tfjs's names of activations. */
const FUSED: ReadonlyMap<string, readonly string[]> = new Map([
  ["linear", []],
  ["relu", ["Relu"]],
  ["relu6", ["Relu6"]],
  ["elu", ["Elu"]],
]);

/**
 * Has convolution, bias and activation computed by one op, as Keras's graphs do: tfjs's kernel runs three, of which
 * two read and write the feature maps once more. tfjs calls it where no gradient is asked for.
 *
 * The op is oneDNN's: TensorFlow turns Conv2D into oneDNN's by itself, but `_FusedConv2D` only in graphs, and run
 * eagerly that one is slower than the three ops. Bindings that take no lists as attributes, a TensorFlow without
 * this op, one told to do without oneDNN, and GPUs keep tfjs's kernel.
 */
export function registerFusedConv(backend: NativeBackend): void {
  if (backend.isUsingGpuDevice || process.env.TF_ENABLE_ONEDNN_OPTS === "0") return;
  const composed = tf.getKernel(tf.FusedConv2D, "tensorflow");
  if (!composed || !works(backend)) return;
  tf.unregisterKernel(tf.FusedConv2D, "tensorflow");
  tf.registerKernel({
    kernelName: tf.FusedConv2D,
    backendName: "tensorflow",
    kernelFunc: (call) => {
      const { x, filter, bias } = call.inputs as tf.FusedConv2DInputs;
      const attributes = call.attrs as unknown as tf.FusedConv2DAttrs;
      const ops = FUSED.get(attributes.activation);
      const convolution = convolutionOf(x, filter, attributes);
      const fits = bias?.shape.length === 1 && bias.shape[0] === filter.shape[3];
      if (!ops || !convolution || !bias || !fits) return composed.kernelFunc(call);
      return fused(backend, [x, filter, bias], convolution, ops);
    },
  });
}

interface Convolution {
  readonly strides: readonly number[];
  readonly padding: string;
}

/** What the op is told about a convolution; undefined where tfjs's kernel has to do it. */
function convolutionOf(
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  { strides, pad, dataFormat, dilations, dimRoundingMode }: tf.FusedConv2DAttrs,
): Convolution | undefined {
  if (dataFormat !== "NHWC" || x.dtype !== "float32") return undefined;
  const { padInfo, strideHeight, strideWidth, dilationHeight, dilationWidth } =
    tf.backend_util.computeConv2DInfo(
      x.shape as [number, number, number, number],
      filter.shape as [number, number, number, number],
      strides,
      dilations,
      pad,
      dimRoundingMode,
    );
  const known = padInfo.type === "SAME" || padInfo.type === "VALID";
  if (!known || dilationHeight !== 1 || dilationWidth !== 1) return undefined;
  return { strides: [1, strideHeight, strideWidth, 1], padding: padInfo.type };
}

function fused(
  backend: NativeBackend,
  inputs: readonly tf.TensorInfo[],
  { strides, padding }: Convolution,
  ops: readonly string[],
): tf.Tensor {
  const { TF_ATTR_INT, TF_ATTR_STRING, TF_ATTR_TYPE, TF_FLOAT } = backend.binding;
  const attributes: OpAttribute[] = [
    float32(backend, "T"),
    { name: "TArgs", type: TF_ATTR_TYPE, value: [TF_FLOAT] },
    { name: "num_args", type: TF_ATTR_INT, value: 1 },
    { name: "num_host_args", type: TF_ATTR_INT, value: 0 },
    // The label under which TensorFlow registers oneDNN's kernels that take and give ordinary tensors.
    { name: "_kernel", type: TF_ATTR_STRING, value: "MklNameChangeOp" },
    { name: "strides", type: TF_ATTR_INT, value: strides },
    { name: "padding", type: TF_ATTR_STRING, value: padding },
    { name: "fused_ops", type: TF_ATTR_STRING, value: ["BiasAdd", ...ops] },
  ];
  return backend.executeSingleOutput("_MklNativeFusedConv2D", attributes, inputs);
}

/** Whether the op computes relu(2 · 3 − 4) and relu(2 · 3 − 7) here. */
function works(backend: NativeBackend): boolean {
  return tf.tidy(() => {
    const [x, filter, bias] = [
      tf.tensor4d([2], [1, 1, 1, 1]),
      tf.tensor4d([3, 3], [1, 1, 1, 2]),
      tf.tensor1d([-4, -7]),
    ];
    try {
      const y = fused(backend, [x, filter, bias], { strides: [1, 1, 1, 1], padding: "VALID" }, ["Relu"]);
      const [first, second] = y.dataSync();
      return first === 2 && second === 0;
    } catch {
      return false;
    }
  });
}
