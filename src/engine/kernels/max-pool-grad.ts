import * as tf from "@tensorflow/tfjs-core";
import type { ComposedKernel } from "./register.js";
import type { Shape4 } from "./shapes.js";

/**
 * Gradient of max pooling (NHWC): dy goes to the first position of each window, in reading order, that holds its
 * maximum. Windows of 2 × 2 with stride 2 are composed. Others go to the back end's own kernel, but only without
 * padding: on wasm it loses gradients at a padded border (tfjs 4.22).
 *
 * @returns shape of x
 */
export const maxPoolGrad: ComposedKernel = ({ dy, input: x, output: y }, attrs, fallback) => {
  const shape = x!.shape as Shape4;
  const { filterSize, strides, pad } = attrs as unknown as PoolAttrs;
  const info = tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad);
  const { top, bottom, left, right } = info.padInfo;
  if (isPair(filterSize) && isPair(strides) && top === 0 && left === 0) {
    return pairs(x!, dy!, y!, [info.outHeight, info.outWidth]);
  }
  if (!fallback || top + bottom + left + right > 0) {
    throw new Error(
      `no gradient for max pooling of size ${filterSize}, stride ${strides} and padding ${pad}`,
    );
  }
  return fallback();
};

interface PoolAttrs {
  readonly filterSize: number | [number, number];
  readonly strides: number | [number, number];
  readonly pad: "same" | "valid" | number;
}

const CORNERS = [
  [0, 0],
  [0, 1],
  [1, 0],
  [1, 1],
] as const;

function isPair(size: number | [number, number]): boolean {
  return Array.isArray(size) ? size[0] === 2 && size[1] === 2 : size === 2;
}

function pairs(x: tf.Tensor, dy: tf.Tensor, y: tf.Tensor, out: [number, number]): tf.Tensor {
  const [batch, height, width, channels] = x.shape as Shape4;
  const rows = batch * out[0];
  const columns = out[1];
  const even: Shape4 = [batch, 2 * out[0], 2 * columns, channels];
  // [windows' rows, row in window, windows' columns, column in window, channels] is x itself, seen differently.
  const windows = tf.reshape(fit(x, even, Number.NEGATIVE_INFINITY), [rows, 2, columns, 2, channels]);
  const maximum = tf.reshape(y, [rows, 1, columns, 1, channels]);
  const gradient = tf.reshape(dy, maximum.shape);
  let open: tf.Tensor | undefined;
  const parts: tf.Tensor[] = [];
  for (const [r, s] of CORNERS) {
    const value = tf.slice(windows, [0, r, 0, s, 0], [rows, 1, columns, 1, channels]);
    // No value exceeds its window's maximum, so step(maximum − value) is 0 exactly where they are equal.
    const differs = tf.step(tf.sub(maximum, value));
    const hit = tf.sub(1, differs);
    parts.push(tf.mul(gradient, open ? tf.mul(open, hit) : hit));
    open = open ? tf.mul(open, differs) : differs;
  }
  const [a, b, c, d] = parts as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
  const dx = tf.reshape(tf.concat([tf.concat([a, b], 3), tf.concat([c, d], 3)], 1), even);
  return fit(dx, [batch, height, width, channels], 0);
}

/** Cuts or pads the bottom and the right, so that an odd size meets its windows (`valid` drops a row, `same` adds one). */
function fit(x: tf.Tensor, shape: Shape4, value: number): tf.Tensor {
  const [batch, height, width, channels] = x.shape as Shape4;
  if (height === shape[1] && width === shape[2]) return x;
  const cut = tf.slice(x, 0, [batch, Math.min(height, shape[1]), Math.min(width, shape[2]), channels]);
  return tf.pad(
    cut,
    [
      [0, 0],
      [0, shape[1] - cut.shape[1]!],
      [0, shape[2] - cut.shape[2]!],
      [0, 0],
    ],
    value,
  );
}
