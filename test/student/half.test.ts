import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fromHalf, toHalf } from "../../src/student/half.js";

/** [value, its half-precision bits], by numpy 2: np.float32(value).astype(np.float16).view(np.uint16). */
const NUMPY = [
  [0, 0],
  [-0, 0x8000],
  [1, 0x3c00],
  [-1, 0xbc00],
  [0.1, 0x2e66],
  [1 / 3, 0x3555],
  [2049, 0x6800],
  [2051, 0x6802],
  [65504, 0x7bff],
  [65519, 0x7bff],
  [1e-5, 0xa8],
  [6e-8, 0x1],
  [2.9e-8, 0x0],
  [3.1e-8, 0x1],
  [6.1e-5, 0x3ff],
  [6.097e-5, 0x3ff],
  [-5.5e-6, 0x805c],
  [1000.7, 0x63d1],
] as const;

describe("half precision", () => {
  it("rounds as numpy does", () => {
    const halves = toHalf(Float32Array.from(NUMPY, ([value]) => value));
    assert.deepEqual(
      [...halves],
      NUMPY.map(([, half]) => half),
    );
  });

  it("holds every half-precision number as it is", () => {
    const finite = Uint16Array.from({ length: 2 ** 16 }, (_, half) => half).filter(
      (half) => (half & 0x7c00) !== 0x7c00,
    );
    assert.deepEqual(toHalf(fromHalf(finite)), finite);
  });

  it("makes of what is too large its largest number, and keeps what is none", () => {
    const values = fromHalf(toHalf(Float32Array.of(65520, 1e9, -1e9, Number.POSITIVE_INFINITY, Number.NaN)));
    assert.deepEqual([...values], [65504, 65504, -65504, 65504, Number.NaN]);
  });
});
