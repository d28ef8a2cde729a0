import * as tf from "@tensorflow/tfjs-core";
import { emptyTensor, heapOf } from "./heap.js";
import type { TrainingKernel } from "./register.js";
import type { PoolAttrs, Shape4 } from "./shapes.js";

/**
 * Gradient of average pooling (NHWC): each window's dy in equal parts to its positions within the image, which alone
 * its mean is of. tfjs's own (4.22, CPU and wasm) divides by the size of the window, also where it reaches over the
 * border.
 *
 * @returns shape of x
 */
export const avgPoolGrad: TrainingKernel = ({ dy, input: x }, attrs) => {
  const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
  const shape = x!.shape as Shape4;
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
  const { batchSize, inChannels: channels, inHeight: height, inWidth: width, padInfo } = info;
  const dx = emptyTensor(shape);
  const gradient = heapOf(dy!);
  const into = heapOf(dx).fill(0);
  let out = 0;
  for (let n = 0; n < batchSize; n++) {
    for (let i = 0; i < info.outHeight; i++) {
      const rows = within(i * info.strideHeight - padInfo.top, info.filterHeight, height);
      for (let j = 0; j < info.outWidth; j++, out += channels) {
        const columns = within(j * info.strideWidth - padInfo.left, info.filterWidth, width);
        const share = 1 / ((rows.end - rows.start) * (columns.end - columns.start));
        for (let r = rows.start; r < rows.end; r++) {
          for (let s = columns.start; s < columns.end; s++) {
            const at = ((n * height + r) * width + s) * channels;
            for (let c = 0; c < channels; c++) into[at + c]! += gradient[out + c]! * share;
          }
        }
      }
    }
  }
  return dx;
};

/** The part of a window that lies within an image's side. */
function within(start: number, size: number, side: number) {
  return { start: Math.max(0, start), end: Math.min(side, start + size) };
}
