import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../../src/engine/engine.js";
import { assertClose, finiteDifferences, onBackend, pixels } from "./numeric.js";

before(async () => void (await openEngine("wasm")));

type Shape4 = [number, number, number, number];
interface ConvCase {
  readonly x: Shape4;
  readonly filter: Shape4;
  readonly stride: number | [number, number];
  readonly pad: "same" | "valid" | tf.backend_util.ExplicitPadding;
}

const CASES: readonly ConvCase[] = [
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 4], stride: 1, pad: "same" },
  { x: [2, 5, 6, 3], filter: [3, 3, 3, 4], stride: 1, pad: "valid" },
  { x: [2, 6, 4, 17], filter: [3, 3, 17, 5], stride: 1, pad: "same" },
  { x: [1, 6, 6, 2], filter: [2, 2, 2, 3], stride: 1, pad: "same" },
  { x: [1, 6, 6, 2], filter: [1, 1, 2, 3], stride: 1, pad: "same" },
  { x: [2, 7, 5, 2], filter: [5, 3, 2, 3], stride: 1, pad: "same" },
  // An even size with stride 2 is where TensorFlow's `same` pads (0, 1), an odd one where it pads (1, 1).
  { x: [2, 6, 8, 3], filter: [3, 3, 3, 4], stride: 2, pad: "same" },
  { x: [2, 7, 5, 3], filter: [3, 3, 3, 4], stride: 2, pad: "same" },
  { x: [2, 6, 7, 3], filter: [3, 3, 3, 4], stride: 2, pad: "valid" },
  { x: [1, 8, 8, 2], filter: [3, 3, 2, 3], stride: [1, 2], pad: "same" },
  {
    x: [1, 4, 5, 2],
    filter: [3, 3, 2, 3],
    stride: 1,
    pad: [
      [0, 0],
      [2, 0],
      [1, 1],
      [0, 0],
    ],
  },
];

const title = (c: ConvCase) =>
  `x ${c.x.join("×")}, filter ${c.filter.join("×")}, stride ${c.stride}, ${typeof c.pad === "string" ? c.pad : "explicit"} padding`;

describe("the composed convolution gradients on wasm", () => {
  for (const c of CASES) {
    const run = () =>
      tf.tidy(() => {
        const x = tf.tensor(pixels(c.x, 1), c.x);
        const filter = tf.tensor(pixels(c.filter, 2), c.filter);
        const y = tf.conv2d(x as tf.Tensor4D, filter as tf.Tensor4D, c.stride, c.pad);
        const dy = tf.tensor(pixels(y.shape, 3), y.shape);
        const attrs = { strides: c.stride, pad: c.pad, dataFormat: "NHWC" };
        const dx = tf.engine().runKernel("Conv2DBackpropInput", { dy, filter }, {
          ...attrs,
          inputShape: c.x,
        } as unknown as tf.NamedAttrMap) as tf.Tensor;
        const dw = tf.engine().runKernel("Conv2DBackpropFilter", { x, dy }, {
          ...attrs,
          filterShape: c.filter,
        } as unknown as tf.NamedAttrMap) as tf.Tensor;
        return { dx: dx.dataSync() as Float32Array, dw: dw.dataSync() as Float32Array };
      });

    it(`equal tfjs's CPU back end: ${title(c)}`, async () => {
      const ours = await onBackend("wasm", run);
      const cpu = await onBackend("cpu", run);
      assertClose(ours.dx, cpu.dx, 1e-4);
      assertClose(ours.dw, cpu.dw, 1e-4);
    });

    it(`equal finite differences: ${title(c)}`, async () => {
      await onBackend("wasm", () => {
        const x = pixels(c.x, 1);
        const filter = pixels(c.filter, 2);
        const weights = tf.tensor(pixels(outputShape(c), 3), outputShape(c));
        const f = (a: tf.Tensor, b: tf.Tensor) =>
          tf.sum(
            tf.mul(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, c.stride, c.pad), weights),
          ) as tf.Scalar;
        const [dx, dw] = tf.grads((a, b) => f(a!, b!))([tf.tensor(x, c.x), tf.tensor(filter, c.filter)]);
        const at = (a: Float32Array, b: Float32Array) =>
          tf.tidy(() => f(tf.tensor(a, c.x), tf.tensor(b, c.filter)).dataSync()[0]!);
        assertClose(
          dx!.dataSync(),
          finiteDifferences((v) => at(v, filter), x),
          2e-2,
        );
        assertClose(
          dw!.dataSync(),
          finiteDifferences((v) => at(x, v), filter),
          2e-2,
        );
        tf.dispose([dx!, dw!, weights]);
      });
    });
  }
});

function outputShape(c: ConvCase): number[] {
  const info = tf.backend_util.computeConv2DInfo(c.x, c.filter, c.stride, 1, c.pad);
  return info.outShape;
}

describe("the gradient of max pooling on wasm", () => {
  const pools = [
    { x: [2, 4, 6, 3] as Shape4, size: 2, stride: 2, pad: "valid" as const },
    { x: [1, 5, 4, 2] as Shape4, size: 2, stride: 2, pad: "same" as const },
    { x: [1, 5, 7, 2] as Shape4, size: 2, stride: 2, pad: "valid" as const },
    { x: [1, 7, 7, 2] as Shape4, size: 3, stride: 2, pad: "valid" as const },
    { x: [1, 6, 6, 2] as Shape4, size: 2, stride: 1, pad: "valid" as const },
    { x: [1, 7, 6, 2] as Shape4, size: 3, stride: 2, pad: "same" as const },
  ];
  for (const p of pools) {
    const run = (values: Float32Array) =>
      tf.tidy(() => {
        const input = tf.tensor(values, p.x) as tf.Tensor4D;
        const output = tf.maxPool(input, p.size, p.stride, p.pad);
        const dy = tf.tensor(pixels(output.shape, 5), output.shape);
        const attrs = { filterSize: p.size, strides: p.stride, pad: p.pad } as unknown as tf.NamedAttrMap;
        return (tf.engine().runKernel("MaxPoolGrad", { dy, input, output }, attrs) as tf.Tensor).dataSync();
      });
    it(`equals the CPU back end: ${p.x.join("×")}, size ${p.size}, stride ${p.stride}, ${p.pad}`, async () => {
      const values = pixels(p.x, 4);
      const ours = await onBackend("wasm", () => run(values));
      const cpu = await onBackend("cpu", () => run(values));
      assertClose(ours, cpu, 1e-6);
    });
  }

  it("gives a window of equal values to its first position alone", async () => {
    const gradient = await onBackend("wasm", () =>
      tf.tidy(() => {
        const input = tf.zeros([1, 2, 2, 1]);
        const output = tf.zeros([1, 1, 1, 1]);
        const dy = tf.fill([1, 1, 1, 1], 7);
        const attrs = { filterSize: 2, strides: 2, pad: "valid" };
        return (tf.engine().runKernel("MaxPoolGrad", { dy, input, output }, attrs) as tf.Tensor).dataSync();
      }),
    );
    assert.deepEqual([...gradient], [7, 0, 0, 0]);
  });
});

it("composed kernels leave no tensor behind", async () => {
  await onBackend("wasm", () => {
    const x = tf.tensor(pixels([2, 4, 4, 3], 1), [2, 4, 4, 3]) as tf.Tensor4D;
    const filter = tf.tensor(pixels([3, 3, 3, 2], 2), [3, 3, 3, 2]) as tf.Tensor4D;
    const gradient = tf.grads((a, b) =>
      tf.sum(tf.maxPool(tf.conv2d(a as tf.Tensor4D, b as tf.Tensor4D, 1, "same"), 2, 2, "valid")),
    );
    const step = () => tf.dispose(gradient([x, filter]));
    step();
    const { numTensors, numBytes } = tf.memory();
    for (let i = 0; i < 3; i++) step();
    assert.equal(tf.memory().numTensors, numTensors);
    assert.equal(tf.memory().numBytes, numBytes);
    tf.dispose([x, filter]);
  });
});
