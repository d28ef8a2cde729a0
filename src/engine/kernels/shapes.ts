import * as tf from "@tensorflow/tfjs-core";

export type Shape4 = [number, number, number, number];

/** What tfjs's convolution gradients are called with. */
export interface ConvAttrs {
  readonly strides: number | [number, number];
  readonly pad: "same" | "valid" | number | tf.backend_util.ExplicitPadding;
}

/** What tfjs's pooling gradients are called with. */
export interface PoolAttrs {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: "same" | "valid" | number;
}

/** Sizes and padding of a convolution without dilation, NHWC; `same` pads as TensorFlow does. */
export function convInfo(
  xShape: Shape4,
  filterShape: Shape4,
  strides: ConvAttrs["strides"],
  pad: ConvAttrs["pad"],
): tf.backend_util.Conv2DInfo {
  return tf.backend_util.computeConv2DInfo(xShape, filterShape, strides, 1, pad);
}
