import * as tf from "@tensorflow/tfjs-core";
import type { ComposedKernel } from "./register.js";
import { type ConvAttrs, convInfo, type Shape4 } from "./shapes.js";

/**
 * Gradient of a 2-D convolution (NHWC, no dilation) with respect to its filter:
 * dW[r, s, c, k] = Σ over n, i, j of x[n, i·stride + r − top, j·stride + s − left, c] · dy[n, i, j, k].
 *
 * Each tap (r, s) is one matrix product of a shifted copy of x, [channels, positions], with dy,
 * [positions, filters]; the back end packs dy once for all of them.
 *
 * @returns shape [height, width, channels, filters] of the filter
 */
export const conv2dBackpropFilter: ComposedKernel = ({ x, dy }, attrs) => {
  const { strides, pad, filterShape } = attrs as unknown as ConvAttrs & { filterShape: Shape4 };
  const info = convInfo(x!.shape as Shape4, filterShape, strides, pad);
  const taps =
    info.strideHeight === 1 &&
    info.strideWidth === 1 &&
    info.outHeight === info.inHeight &&
    info.outWidth === info.inWidth
      ? sharedBorderTaps(x as tf.Tensor4D, dy as tf.Tensor4D, info)
      : strideTaps(x as tf.Tensor4D, dy as tf.Tensor4D, info);
  return tf.reshape(taps, filterShape);
};

type Info = ReturnType<typeof convInfo>;

/** Fewer rows than this leave most of the product's tile empty: then all taps go into one product. */
const FEW_CHANNELS = 16;

/** [taps · channels, filters] from shifted copies, each [channels, positions], and dy, [positions, filters]. */
function products(shifted: tf.Tensor2D[], dy: tf.Tensor2D): tf.Tensor {
  if (shifted[0]!.shape[0] < FEW_CHANNELS) return tf.matMul(tf.concat(shifted, 0), dy);
  return tf.concat(
    shifted.map((x) => tf.matMul(x, dy)),
    0,
  );
}

/**
 * Stride 1 with as many outputs as inputs: x and dy get borders of zeros on the top and the left alone, which also
 * serve the row before and the image before; a tap is then a plain offset in the flattened positions.
 */
function sharedBorderTaps(x: tf.Tensor4D, dy: tf.Tensor4D, info: Info): tf.Tensor {
  const { filterHeight, filterWidth, inChannels, outChannels, padInfo } = info;
  const border: [number, number][] = [
    [0, 0],
    [Math.max(padInfo.top, padInfo.bottom), 0],
    [Math.max(padInfo.left, padInfo.right), 0],
    [0, 0],
  ];
  const rows = info.inHeight + border[1]![0];
  const columns = info.inWidth + border[2]![0];
  const positions = info.batchSize * rows * columns;
  const before = padInfo.top * columns + padInfo.left;
  const after = padInfo.bottom * columns + padInfo.right;
  const flat = tf.reshape(tf.transpose(tf.pad(x, border), [3, 0, 1, 2]), [inChannels, positions]);
  const padded = tf.pad(flat, [
    [0, 0],
    [before, after],
  ]);
  const gradient: tf.Tensor2D = tf.reshape(tf.pad(dy, border), [positions, outChannels]);
  const shifted: tf.Tensor2D[] = [];
  for (let r = 0; r < filterHeight; r++) {
    for (let s = 0; s < filterWidth; s++) {
      shifted.push(tf.slice(padded as tf.Tensor2D, [0, r * columns + s], [inChannels, positions]));
    }
  }
  return products(shifted, gradient);
}

/** Any stride and padding: a tap is a strided cut of the padded image. TensorFlow's `same` may pad (0, 1). */
function strideTaps(x: tf.Tensor4D, dy: tf.Tensor4D, info: Info): tf.Tensor {
  const { batchSize, filterHeight, filterWidth, inChannels, outChannels, outHeight, outWidth, padInfo } =
    info;
  const { strideHeight, strideWidth } = info;
  const positions = batchSize * outHeight * outWidth;
  const height = (outHeight - 1) * strideHeight + 1;
  const width = (outWidth - 1) * strideWidth + 1;
  const padded = tf.pad(x, [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ]);
  const shifted: tf.Tensor2D[] = [];
  for (let r = 0; r < filterHeight; r++) {
    for (let s = 0; s < filterWidth; s++) {
      const cut = tf.stridedSlice(
        padded,
        [0, r, s, 0],
        [batchSize, r + height, s + width, inChannels],
        [1, strideHeight, strideWidth, 1],
      );
      shifted.push(tf.reshape(tf.transpose(cut, [3, 0, 1, 2]), [inChannels, positions]));
    }
  }
  return products(shifted, tf.reshape(dy, [positions, outChannels]));
}
