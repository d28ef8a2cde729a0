import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs-core";

/** Numbers in (−1, 1) without pattern, the same on every call: a linear congruential generator (Numerical Recipes). */
export function pixels(shape: readonly number[], seed: number): Float32Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  let state = (seed * 2654435761) >>> 0;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    values[i] = state / 2 ** 31 - 1;
  }
  return values;
}

/** Runs on a tfjs back end and puts the one before back. */
export async function onBackend<T>(name: string, run: () => T): Promise<T> {
  const before = tf.getBackend();
  await tf.setBackend(name);
  try {
    return run();
  } finally {
    await tf.setBackend(before);
  }
}

/** Asserts |actual − expected| ≤ tolerance · (1 + |expected|) for every element. */
export function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  assert.equal(actual.length, expected.length, "number of elements");
  for (let i = 0; i < actual.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!);
    assert.ok(
      error <= tolerance * (1 + Math.abs(expected[i]!)),
      `element ${i}: expected ${expected[i]} ± ${tolerance}, got ${actual[i]}`,
    );
  }
}

/** Central differences of a scalar function at `x`, one element after the other. */
export function finiteDifferences(
  f: (x: Float32Array) => number,
  x: Float32Array,
  step = 2e-2,
): Float32Array {
  const gradient = new Float32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const up = x.slice();
    const down = x.slice();
    up[i]! += step;
    down[i]! -= step;
    gradient[i] = (f(up) - f(down)) / (up[i]! - down[i]!);
  }
  return gradient;
}
