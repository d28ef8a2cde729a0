import assert from "node:assert/strict";
import { it, type TestContext } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { nativeBackend } from "../../src/engine/native/backend.js";
import { isOlder, usableEngine } from "../../src/engine/native/installed.js";
import { onEachEngine } from "./each-engine.js";
import { assertClose, pixels } from "./numeric.js";

type Activation = NonNullable<Parameters<typeof tf.fused.conv2d>[0]["activation"]>;
const FUSED = "_MklNativeFusedConv2D";

/** The ops of the native engine that a function runs. */
function opsOf(context: TestContext, run: () => void): string[] {
  const ops = context.mock.method(nativeBackend()!, "executeSingleOutput");
  run();
  const names = ops.mock.calls.map(({ arguments: [name] }) => name as string);
  ops.mock.restore();
  return names;
}

const images = (side = 7) => tf.tensor4d(pixels([2, side, side, 3], 5), [2, side, side, 3]);
const filter = () => tf.tensor4d(pixels([3, 3, 3, 4], 2), [3, 3, 3, 4]);
const bias = () => tf.tensor1d(pixels([4], 3));
const ACTIVATIONS: Readonly<Record<string, (x: tf.Tensor4D) => tf.Tensor>> = {
  linear: (x) => x,
  relu: tf.relu,
  relu6: tf.relu6,
  elu: tf.elu,
  sigmoid: tf.sigmoid,
};

onEachEngine((id) => {
  const fuses = id === "tensorflow" && usableEngine()?.record.attribute_lists === true;

  for (const [activation, after] of Object.entries(ACTIVATIONS)) {
    for (const [stride, pad] of [
      [1, "same"],
      [2, "same"],
      [2, "valid"],
    ] as const) {
      it(`computes a convolution, bias and ${activation} as one after the other: stride ${stride}, ${pad}`, () => {
        tf.tidy(() => {
          const [x, w, b] = [images(), filter(), bias()];
          const convolved = tf.conv2d(x, w, stride, pad);
          const options = { x, filter: w, strides: stride, pad, activation: activation as Activation };
          assertClose(
            tf.fused.conv2d({ ...options, bias: b }).dataSync(),
            after(tf.add(convolved, b)).dataSync(),
            1e-5,
          );
          assertClose(tf.fused.conv2d(options).dataSync(), after(convolved).dataSync(), 1e-5);
        });
      });
    }
  }

  it("takes dilations", () => {
    tf.tidy(() => {
      const [x, w, b] = [images(), filter(), bias()];
      const options = { x, filter: w, strides: 1, activation: "relu" } as const;
      const plain = tf.relu(tf.add(tf.conv2d(x, w, 1, "same", "NHWC", 2), b));
      const fused = tf.fused.conv2d({ ...options, pad: "same", bias: b, dilations: 2 });
      assertClose(fused.dataSync(), plain.dataSync(), 1e-5);
    });
  });

  for (const activation of ["linear", "relu"] as const) {
    it(`gives the gradients of the ops one after the other: ${activation}`, () => {
      tf.tidy(() => {
        const gradients = (f: (x: tf.Tensor4D, w: tf.Tensor4D, b: tf.Tensor1D) => tf.Tensor) =>
          tf.grads((...[x, w, b]) =>
            tf.sum(tf.square(f(x as tf.Tensor4D, w as tf.Tensor4D, b as tf.Tensor1D))),
          )([images(), filter(), bias()]);
        const fused = gradients((x, w, b) =>
          tf.fused.conv2d({ x, filter: w, bias: b, strides: 2, pad: "same", activation }),
        );
        const plain = gradients((x, w, b) =>
          ACTIVATIONS[activation]!(tf.add(tf.conv2d(x, w, 2, "same"), b) as tf.Tensor4D),
        );
        for (const [i, gradient] of fused.entries()) {
          assertClose(gradient.dataSync(), plain[i]!.dataSync(), 1e-4);
        }
      });
    });
  }

  it("multiplies matrices, transposed or not, as sums of products", () => {
    const [n, k, m] = [3, 5, 4];
    const [a, b] = [pixels([n, k], 1), pixels([k, m], 2)];
    const expected = Array.from({ length: n * m }, (_, i) => {
      const [row, column] = [Math.floor(i / m), i % m];
      return Array.from({ length: k }, (_, j) => a[row * k + j]! * b[j * m + column]!).reduce(
        (x, y) => x + y,
      );
    });
    tf.tidy(() => {
      const [x, y] = [tf.tensor2d(a, [n, k]), tf.tensor2d(b, [k, m])];
      const [xt, yt] = [tf.transpose(x), tf.transpose(y)];
      for (const product of [tf.matMul(x, y), tf.matMul(xt, y, true), tf.matMul(x, yt, false, true)]) {
        assert.deepEqual(product.shape, [n, m]);
        assertClose(product.dataSync(), Float32Array.from(expected), 1e-6);
      }
      const twice = tf.matMul(tf.stack([x, x]), tf.stack([y, y]));
      assertClose(twice.dataSync(), Float32Array.from([...expected, ...expected]), 1e-6);
    });
  });

  it("runs one op for them where no gradient is asked for", {
    skip: fuses ? false : "not in this engine",
  }, (t) => {
    tf.tidy(() => {
      const options = { x: images(), filter: filter(), bias: bias(), strides: 1, pad: "same" } as const;
      assert.deepEqual(
        opsOf(t, () => tf.fused.conv2d({ ...options, activation: "relu" })),
        [FUSED],
      );
      const inGradient = opsOf(t, () => {
        tf.grad((x) => tf.sum(tf.fused.conv2d({ ...options, x: x as tf.Tensor4D, activation: "relu" })))(
          options.x,
        );
      });
      assert.ok(!inGradient.includes(FUSED), inGradient.join(" "));
    });
  });

  it("is not an older engine that cannot fuse", {
    skip: id === "wasm" ? "it is not installed" : false,
  }, (t) => {
    if (isOlder(usableEngine()!)) t.skip("pipe engine install makes this engine anew");
    else assert.equal(fuses, true);
  });
});
