import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../../src/contract/stage.js";
import { openEngine } from "../../src/engine/engine.js";
import type { Layer } from "../../src/student/layers/schema.js";
import { Network, type NetworkSpec } from "../../src/student/network.js";
import { pixels } from "../engine/numeric.js";

before(async () => void (await openEngine("wasm")));

const SPEC: NetworkSpec = {
  architecture: "layers",
  size: { width: 16, height: 16 },
  tags: 3,
  preprocess: "tf",
  dropout: 0.5,
  seed: 5,
};

const network = (spec: Partial<NetworkSpec>) => new Network({ ...SPEC, ...spec });

/** Weights by name with their shapes. */
const shapes = (net: Network) => net.weights().map(({ name, value }) => `${name} ${value.shape.join("x")}`);

/** What `new Network` throws. */
function refusal(spec: Partial<NetworkSpec>): string {
  try {
    network(spec).dispose();
  } catch (error) {
    assert.ok(error instanceof StageError, String(error));
    return error.message;
  }
  return assert.fail("nothing was thrown");
}

describe("layers", () => {
  it("vgg19 has Keras's layers and parameters", () => {
    const net = network({ architecture: "vgg19", size: { width: 32, height: 32 } });
    const blocks = [2, 2, 4, 4, 4].flatMap((depth, b) => [
      ...Array.from({ length: depth }, (_, c) => `block${b + 1}_conv${c + 1}`),
      `block${b + 1}_pool`,
    ]);
    const head = ["flatten", "batch_normalization", "dense", "dropout", "predictions"];
    assert.deepEqual(net.layerNames, ["input", ...blocks, ...head]);
    // 20,024,384 without top: keras.applications.VGG19(include_top=False).count_params(). The head: 4 · 512,
    // 512 · 3 + 3, 3 · 3 + 3.
    assert.equal(net.parameters, 20_024_384 + 2048 + 1539 + 12);
    net.dispose();
  });

  it("names layers as Keras counts them, gives weights Keras's shapes, counts the input as frozen", () => {
    const net = network({
      layers: [
        { type: "Conv2D", filters: 4, kernel_size: [3, 1], use_bias: false },
        { type: "BatchNormalization" },
        { type: "Activation", activation: "relu" },
        { type: "Conv2D", name: "middle", filters: 6, kernel_size: 3, strides: 2, padding: "same" },
        { type: "Conv2D", filters: 5, kernel_size: 1 },
        { type: "GlobalAveragePooling2D" },
      ],
      head: { units: [8, 7] },
    });
    assert.deepEqual(
      net.layerNames.join(" "),
      "input conv2d batch_normalization activation middle conv2d_1 global_average_pooling2d " +
        "batch_normalization_1 dense dropout dense_1 dropout_1 predictions",
    );
    net.freeze(7);
    assert.throws(() => net.freeze(8), /frozen_layers is 8, but the student has 7 layers before its head/);
    assert.deepEqual(
      shapes(net)
        .filter((line) => !line.includes("moving"))
        .sort(),
      [
        "batch_normalization/beta 4",
        "batch_normalization/gamma 4",
        "batch_normalization_1/beta 5",
        "batch_normalization_1/gamma 5",
        "conv2d/kernel 3x1x3x4",
        "conv2d_1/bias 5",
        "conv2d_1/kernel 1x1x6x5",
        "dense/bias 8",
        "dense/kernel 5x8",
        "dense_1/bias 7",
        "dense_1/kernel 8x7",
        "middle/bias 6",
        "middle/kernel 3x3x4x6",
        "predictions/bias 3",
        "predictions/kernel 7x3",
      ],
    );
    net.dispose();
  });

  it("a head of one's own, of other numbers, and none", () => {
    const layers: Layer[] = [{ type: "Conv2D", filters: 4, kernel_size: 3, strides: 4 }];
    const names = (head: NetworkSpec["head"]) => {
      const net = network({ layers, ...(head ? { head } : {}) });
      const found = net.layerNames.slice(2).join(" ");
      net.dispose();
      return found;
    };
    assert.equal(names(undefined), "flatten batch_normalization dense dropout predictions");
    assert.equal(names({ pool: "max", batch_norm: false, units: [] }), "global_max_pooling2d predictions");
    assert.equal(
      names({ layers: [{ type: "Flatten" }, { type: "Dropout" }, { type: "Dense", units: 9 }] }),
      "flatten dropout dense predictions",
    );
  });

  it("layers that do not fit say which and why", () => {
    const flatten = { type: "Flatten" } as const;
    const conv = { type: "Conv2D", filters: 2, kernel_size: 3 } as const;
    for (const [layers, expected] of [
      [
        [flatten, conv],
        "the layer conv2d (Conv2D) does not fit: it takes feature maps, but a layer before it has made them flat",
      ],
      [
        [{ type: "Dense", units: 3 }],
        "the layer dense (Dense) does not fit: it takes flat values: put Flatten or GlobalAveragePooling2D before it",
      ],
      [
        [{ ...conv, kernel_size: 20 }],
        "the layer conv2d (Conv2D) does not fit: its window does not fit into 16 × 16 × 3",
      ],
      [
        [
          { ...conv, name: "a" },
          { ...conv, name: "a" },
        ],
        "two layers are named a",
      ],
      [[{ ...conv, name: "predictions" }], "two layers are named predictions"],
    ] as [Layer[], string][]) {
      assert.equal(refusal({ layers }), expected);
    }
    assert.equal(
      refusal({ layers: [conv], head: { layers: [{ type: "Dropout" }] } }),
      "the head ends in feature maps, but the output layer takes flat values",
    );
  });
});

describe("gradients on wasm equal finite differences", () => {
  const conv = { type: "Conv2D", filters: 4, kernel_size: 3, padding: "same" } as const;
  const cases: Record<string, Layer[]> = {
    "strides, valid padding, oblong kernels": [
      { type: "Conv2D", filters: 3, kernel_size: [2, 3], strides: [2, 1], activation: "tanh" },
      { type: "Conv2D", filters: 4, kernel_size: 3, strides: 2, padding: "same" },
    ],
    AveragePooling2D: [conv, { type: "AveragePooling2D" }, conv],
    "AveragePooling2D, overlapping": [
      conv,
      { type: "AveragePooling2D", pool_size: 3, strides: 2, padding: "same" },
    ],
    "MaxPooling2D, overlapping": [conv, { type: "MaxPooling2D", pool_size: 3, strides: 2, padding: "same" }],
    "BatchNormalization, GlobalAveragePooling2D": [
      conv,
      { type: "BatchNormalization" },
      { type: "GlobalAveragePooling2D" },
    ],
    GlobalMaxPooling2D: [conv, { type: "GlobalMaxPooling2D" }],
    ...Object.fromEntries(
      (["relu", "relu6", "elu", "selu", "silu", "softplus", "sigmoid", "tanh"] as const).map((activation) => [
        activation,
        [conv, { type: "Activation", activation }, { ...conv, activation }],
      ]),
    ),
  };
  for (const [name, layers] of Object.entries(cases)) {
    it(name, () => {
      const net = network({ layers, head: { batch_norm: false, units: [] } });
      const x = tf.tensor4d(
        pixels([4, 16, 16, 3], 1).map((v) => (v + 1) * 127),
        [4, 16, 16, 3],
      );
      const y = tf.tensor2d(pixels([4, 3], 2), [4, 3]);
      const loss = () => tf.sum(tf.mul(net.trainingLogits(net.features(x), 0), y)) as tf.Scalar;
      const trained = net.weights().filter((weight) => weight.trainable);
      const { grads } = tf.variableGrads(
        loss,
        trained.map(({ value }) => value),
      );
      for (const { name: weight, value } of trained) {
        const values = value.dataSync().slice();
        const gradient = grads[value.name]!.dataSync();
        // Along the gradient itself, where the change is largest: a step of h changes the loss by h · |g|.
        const length = Math.hypot(...gradient);
        if (length < 1e-3) continue; // A bias before batch normalisation.
        const at = (h: number) => {
          tf.tidy(() =>
            value.assign(
              tf.tensor(
                values.map((v, i) => v + (h * gradient[i]!) / length),
                value.shape,
              ),
            ),
          );
          return tf.tidy(() => loss().dataSync()[0]!);
        };
        const h = 1e-3;
        const slope = (at(h) - at(-h)) / (2 * h);
        at(0);
        assert.ok(Math.abs(slope / length - 1) < 0.02, `${weight}: ${slope}, gradient ${length}`);
      }
      tf.dispose([x, y, grads]);
      net.dispose();
    });
  }
});
