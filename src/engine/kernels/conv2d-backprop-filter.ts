import * as tf from "@tensorflow/tfjs-core";
import { emptyTensor, heapOf } from "./heap.js";
import type { TrainingKernel } from "./register.js";
import { type ConvAttrs, convInfo, type Shape4 } from "./shapes.js";

/**
 * Gradient of a 2-D convolution (NHWC, no dilation) with respect to its filter:
 * dW[r, s, c, k] = Σ over n, i, j of x[n, i·stride + r − top, j·stride + s − left, c] · dy[n, i, j, k].
 *
 * It is a matrix product of shifted copies of x, one for each tap (r, s), [taps · channels, positions], with dy,
 * [positions, filters].
 *
 * @returns shape [height, width, channels, filters] of the filter
 */
export const conv2dBackpropFilter: TrainingKernel = ({ x, dy }, attrs) => {
  const { strides, pad, filterShape } = attrs as unknown as ConvAttrs & { filterShape: Shape4 };
  const info = convInfo(x!.shape as Shape4, filterShape, strides, pad);
  const sameGrid =
    info.strideHeight === 1 &&
    info.strideWidth === 1 &&
    info.outHeight === info.inHeight &&
    info.outWidth === info.inWidth;
  const shifts = sameGrid ? offsetShifts(x!, dy!, info) : strideShifts(x!, dy!, info);
  return tf.reshape(products(shifts, filterShape), filterShape);
};

type Info = ReturnType<typeof convInfo>;

/** dy as [positions, filters], and a way to write the shifted copy of x for a tap, [channels, positions]. */
interface Shifts {
  readonly positions: number;
  readonly gradient: tf.Tensor2D;
  write(r: number, s: number, into: Float32Array): void;
}

/** Shifted copies held at once, in numbers: 32 MiB. One product of several taps fills its tiles better than many. */
const AT_ONCE = 8 * 2 ** 20;

function products({ positions, gradient, write }: Shifts, [height, width, channels, _]: Shape4): tf.Tensor {
  const taps = height * width;
  const size = channels * positions;
  const group = Math.min(taps, Math.max(1, Math.floor(AT_ONCE / size)));
  const parts: tf.Tensor[] = [];
  for (let first = 0; first < taps; first += group) {
    const count = Math.min(group, taps - first);
    const shifted = emptyTensor([count * channels, positions]) as tf.Tensor2D;
    const heap = heapOf(shifted);
    for (let i = 0; i < count; i++) {
      const tap = first + i;
      write(Math.floor(tap / width), tap % width, heap.subarray(i * size, (i + 1) * size));
    }
    parts.push(tf.matMul(shifted, gradient));
    shifted.dispose();
  }
  return tf.concat(parts, 0);
}

/**
 * Stride 1 with as many outputs as inputs: x and dy get borders of zeros on the top and the left alone, which also
 * serve the row before and the image before; a tap is then a plain offset in the flattened positions.
 */
function offsetShifts(x: tf.Tensor, dy: tf.Tensor, info: Info): Shifts {
  const { inChannels, outChannels, padInfo } = info;
  const border: [number, number][] = [
    [0, 0],
    [Math.max(padInfo.top, padInfo.bottom), 0],
    [Math.max(padInfo.left, padInfo.right), 0],
    [0, 0],
  ];
  const columns = info.inWidth + border[2]![0];
  const positions = info.batchSize * (info.inHeight + border[1]![0]) * columns;
  const planes = tf.transpose(tf.pad(x, border), [3, 0, 1, 2]);
  const gradient: tf.Tensor2D = tf.reshape(tf.pad(dy, border), [positions, outChannels]);
  const write = (r: number, s: number, into: Float32Array) => {
    const offset = (r - padInfo.top) * columns + s - padInfo.left;
    const from = heapOf(planes);
    for (let c = 0; c < inChannels; c++) {
      const plane = from.subarray(c * positions, (c + 1) * positions);
      const shifted = into.subarray(c * positions, (c + 1) * positions);
      if (offset >= 0) {
        shifted.set(plane.subarray(offset));
        shifted.fill(0, positions - offset);
      } else {
        shifted.fill(0, 0, -offset);
        shifted.set(plane.subarray(0, positions + offset), -offset);
      }
    }
  };
  return { positions, gradient, write };
}

/** Any stride and padding: a tap is a strided cut of the padded image. TensorFlow's `same` may pad (0, 1). */
function strideShifts(x: tf.Tensor, dy: tf.Tensor, info: Info): Shifts {
  const { batchSize, inChannels, outChannels, outHeight, outWidth, padInfo, strideHeight, strideWidth } =
    info;
  const positions = batchSize * outHeight * outWidth;
  const padded = tf.pad(x, [
    [0, 0],
    [padInfo.top, padInfo.bottom],
    [padInfo.left, padInfo.right],
    [0, 0],
  ]);
  const [, height, width] = padded.shape as Shape4;
  const planes = tf.transpose(padded, [3, 0, 1, 2]);
  const write = (r: number, s: number, into: Float32Array) => {
    const from = heapOf(planes);
    let to = 0;
    for (let plane = 0; plane < inChannels * batchSize; plane++) {
      for (let i = 0; i < outHeight; i++) {
        let at = (plane * height + i * strideHeight + r) * width + s;
        for (let j = 0; j < outWidth; j++, at += strideWidth) into[to++] = from[at]!;
      }
    }
  };
  return { positions, gradient: tf.reshape(dy, [positions, outChannels]), write };
}
