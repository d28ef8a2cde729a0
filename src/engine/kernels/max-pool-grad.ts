import * as tf from "@tensorflow/tfjs-core";
import { emptyTensor, heapOf } from "./heap.js";
import type { TrainingKernel } from "./register.js";
import type { Shape4 } from "./shapes.js";

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
  const { outHeight, outWidth, padInfo, filterHeight, filterWidth, strideHeight, strideWidth } = info;
  let out = 0;
  for (let n = 0; n < batch; n++) {
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
  return dx;
};

interface PoolAttrs {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: "same" | "valid" | number;
}
