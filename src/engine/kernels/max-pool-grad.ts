import * as tf from "@tensorflow/tfjs-core";
import { emptyTensor, heapOf } from "./heap.js";
import type { TrainingKernel } from "./register.js";
import type { PoolAttrs, Shape4 } from "./shapes.js";

/**
 * Gradient of max pooling (NHWC): dy goes to the first position of each window, in reading order, that holds its
 * maximum. It replaces the back end's own kernel, which is several times slower and loses gradients at a padded
 * border (tfjs 4.22).
 *
 * @returns shape of x
 */
export const maxPoolGrad: TrainingKernel = ({ dy, input: x }, attrs) => {
  const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
  const [batch, height, width, channels] = x!.shape as Shape4;
  const info = tf.backend_util.computePool2DInfo(
    [batch, height, width, channels],
    filterSize,
    strides,
    1,
    pad,
  );
  const dx = emptyTensor(x!.shape);
  const from = heapOf(x!);
  const gradient = heapOf(dy!);
  const into = heapOf(dx).fill(0);
  if (isPairs(info)) pairs(from, gradient, into, info);
  else windows(from, gradient, into, info);
  return dx;
};

type Info = ReturnType<typeof tf.backend_util.computePool2DInfo>;

/** Windows of 2 × 2 side by side, all of them whole. */
function isPairs(info: Info): boolean {
  return (
    info.filterHeight === 2 &&
    info.filterWidth === 2 &&
    info.strideHeight === 2 &&
    info.strideWidth === 2 &&
    2 * info.outHeight <= info.inHeight &&
    2 * info.outWidth <= info.inWidth
  );
}

function pairs(from: Float32Array, gradient: Float32Array, into: Float32Array, info: Info): void {
  const { batchSize, inChannels: channels, inHeight, inWidth, outHeight, outWidth } = info;
  const below = inWidth * channels;
  let out = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let i = 0; i < outHeight; i++) {
      let position = (n * inHeight + 2 * i) * below;
      for (let j = 0; j < outWidth; j++, position += channels) {
        for (let c = 0; c < channels; c++, position++) {
          // Each half first, then the larger of both; the first of equals stays.
          const top = from[position + channels]! > from[position]! ? position + channels : position;
          const bottom =
            from[position + below + channels]! > from[position + below]!
              ? position + below + channels
              : position + below;
          into[from[bottom]! > from[top]! ? bottom : top] = gradient[out++]!;
        }
      }
    }
  }
}

/** Windows of any kind: they may overlap, and reach over the border. */
function windows(from: Float32Array, gradient: Float32Array, into: Float32Array, info: Info): void {
  const { batchSize, inChannels: channels, inHeight: height, inWidth: width } = info;
  const { outHeight, outWidth, padInfo, filterHeight, filterWidth, strideHeight, strideWidth } = info;
  let out = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let i = 0; i < outHeight; i++) {
      const top = i * strideHeight - padInfo.top;
      const rows = [Math.max(0, top), Math.min(height, top + filterHeight)] as const;
      for (let j = 0; j < outWidth; j++) {
        const left = j * strideWidth - padInfo.left;
        const columns = [Math.max(0, left), Math.min(width, left + filterWidth)] as const;
        for (let c = 0; c < channels; c++) {
          let best = Number.NEGATIVE_INFINITY;
          let at = -1;
          for (let r = rows[0]; r < rows[1]; r++) {
            const row = (n * height + r) * width;
            for (let s = columns[0]; s < columns[1]; s++) {
              const position = (row + s) * channels + c;
              const value = from[position]!;
              at = value > best || at < 0 ? position : at;
              best = Math.max(best, value);
            }
          }
          into[at]! += gradient[out++]!;
        }
      }
    }
  }
}
