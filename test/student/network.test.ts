import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { StageError } from "../../src/contract/stage.js";
import { openEngine } from "../../src/engine/engine.js";
import { Adam } from "../../src/student/adam.js";
import { binaryCrossEntropy } from "../../src/student/losses.js";
import { Network, type NetworkSpec } from "../../src/student/network.js";
import { preprocess } from "../../src/student/preprocess.js";
import { assertClose, pixels } from "../engine/numeric.js";

before(async () => void (await openEngine("wasm")));

const SMALL: NetworkSpec = {
  architecture: "vgg-small",
  size: { width: 16, height: 16 },
  tags: 4,
  preprocess: "scale255",
  dropout: 0.5,
  seed: 3,
};

const images = (count: number, side: number) =>
  tf.tensor4d(
    pixels([count, side, side, 3], 1).map((v) => (v + 1) * 127),
    [count, side, side, 3],
  );

function step(network: Network, adam: Adam, number: number, side: number, batch: number): number {
  return tf.tidy(() => {
    const x = images(batch, side);
    const y = tf.tensor2d(pixels([batch, 4], 2).map(Math.abs), [batch, 4]);
    const variables = network.weights().flatMap((w) => (w.trainable ? [w.value] : []));
    const { value, grads } = tf.variableGrads(
      () => binaryCrossEntropy(network.trainingLogits(network.features(x), number), y),
      variables,
    );
    adam.apply(grads, 0.01);
    return value.dataSync()[0]!;
  });
}

describe("vgg16", () => {
  it("has Keras's layers and number of parameters, and trains a step with frozen layers unchanged", () => {
    const network = new Network({ ...SMALL, architecture: "vgg16", size: { width: 64, height: 64 } });
    // Names and order: keras/applications/vgg16.py.
    assert.deepEqual(network.layerNames.slice(0, 20), [
      ..."input block1_conv1 block1_conv2 block1_pool block2_conv1 block2_conv2 block2_pool".split(" "),
      ..."block3_conv1 block3_conv2 block3_conv3 block3_pool block4_conv1 block4_conv2 block4_conv3".split(
        " ",
      ),
      ..."block4_pool block5_conv1 block5_conv2 block5_conv3 block5_pool flatten".split(" "),
    ]);
    // 14,714,688 without top (Keras's documentation); the head: BatchNorm 4 · 2048, Dense 2048 · 4 + 4, Dense 4 · 4 + 4.
    assert.equal(network.parameters, 14_714_688 + 8192 + 8196 + 20);
    network.freeze(6); // input, block1_conv1, block1_conv2, block1_pool, block2_conv1, block2_conv2
    const weights = network.weights();
    const frozen = weights.filter((w) => !w.trainable && !w.name.includes("moving")).map((w) => w.name);
    assert.deepEqual(
      frozen,
      ["block1_conv1", "block1_conv2", "block2_conv1", "block2_conv2"].flatMap((l) => [
        `${l}/kernel`,
        `${l}/bias`,
      ]),
    );
    const sum = (name: string) => {
      const weight = weights.find((w) => w.name === name)!.value;
      return tf.tidy(() => tf.sum(tf.square(weight)).dataSync()[0]!);
    };
    const before = [sum("block2_conv2/kernel"), sum("block3_conv1/kernel"), sum("predictions/kernel")];
    const adam = new Adam(weights.filter((w) => w.trainable));
    assert.ok(Number.isFinite(step(network, adam, 0, 64, 2)));
    const after = [sum("block2_conv2/kernel"), sum("block3_conv1/kernel"), sum("predictions/kernel")];
    assert.equal(after[0], before[0]);
    assert.notEqual(after[1], before[1]);
    assert.notEqual(after[2], before[2]);
    adam.dispose();
    network.dispose();
  });

  it("refuses images under 32 pixels and frozen layers in the head", () => {
    assert.throws(() => new Network({ ...SMALL, architecture: "vgg16" }), StageError);
    const network = new Network(SMALL);
    assert.throws(() => network.freeze(13), /frozen_layers is 13, but vgg-small has 12 layers/);
    network.dispose();
  });
});

describe("the frozen part", () => {
  const part = (frozen: number, spec: Partial<NetworkSpec>) => {
    const network = new Network({ ...SMALL, size: { width: 64, height: 64 }, ...spec });
    network.freeze(frozen);
    const { layers, shape, weights } = network.frozenPart ?? {};
    network.dispose();
    return { last: layers?.at(-1)?.name, shape, weights: weights?.length };
  };

  it("ends before the first layer that learns, behind the pooling", () => {
    // Shapes by hand: 64 pixels halved by each pooling; a kernel and a bias for each convolution.
    assert.deepEqual(part(15, { architecture: "vgg16" }), {
      last: "block4_pool",
      shape: [4, 4, 512],
      weights: 20,
    });
    assert.deepEqual(part(6, { architecture: "vgg16" }), {
      last: "block2_pool",
      shape: [16, 16, 128],
      weights: 8,
    });
    assert.deepEqual(part(2, { architecture: "vgg16" }), {
      last: "block1_conv1",
      shape: [64, 64, 64],
      weights: 2,
    });
    // A frozen batch normalisation is a part of it, with its statistics.
    assert.deepEqual(part(4, {}), { last: "block1_bn", shape: [32, 32, 16], weights: 6 });
    assert.deepEqual(part(19, { architecture: "vgg16" }), { last: "flatten", shape: [2048], weights: 26 });
  });

  it("is none where nothing is frozen, or the first layer draws", () => {
    const none = { last: undefined, shape: undefined, weights: undefined };
    assert.deepEqual([part(0, {}), part(1, {})], [none, none]);
    const layers = [
      { type: "Dropout", rate: 0.5 },
      { type: "Conv2D", filters: 2, kernel_size: 3 },
    ] as const;
    assert.deepEqual(part(3, { architecture: "layers", layers }), none);
  });

  it("gives what the whole network gives, and keeps its weights", () => {
    const network = new Network({ ...SMALL, dropout: 0 });
    const x = images(4, 16);
    const before = tf.tidy(() => network.scores(x).dataSync());
    network.freeze(7);
    assertClose(
      tf.tidy(() => network.scores(x).dataSync()),
      before,
      1e-6,
    );
    x.dispose();
    network.dispose();
  });
});

describe("vgg-small", () => {
  it("starts from its seed alone and learns", () => {
    const network = new Network(SMALL);
    const twin = new Network(SMALL);
    const other = new Network({ ...SMALL, seed: 4 });
    const kernel = (n: Network) => n.weights()[0]!.value.dataSync();
    assert.deepEqual(kernel(network), kernel(twin));
    assert.notDeepEqual(kernel(network), kernel(other));
    const adam = new Adam(network.weights().filter((w) => w.trainable));
    const losses = Array.from({ length: 25 }, (_, i) => step(network, adam, i, 16, 8));
    assert.ok(losses.at(-1)! < losses[0]! - 0.05, `${losses[0]} → ${losses.at(-1)}`);
    for (const n of [network, twin, other]) n.dispose();
    adam.dispose();
  });

  it("with frozen layers neither uses nor follows the batch in their normalisation, as Keras", () => {
    const network = new Network({ ...SMALL, dropout: 0 });
    network.freeze(4); // input, block1_conv1, block1_pool, block1_bn
    const weight = (name: string) => network.weights().find((w) => w.name === name)!.value;
    const adam = new Adam(network.weights().filter((w) => w.trainable));
    const before = weight("block1_bn/moving_mean").dataSync().slice();
    step(network, adam, 0, 16, 8);
    assert.deepEqual(weight("block1_bn/moving_mean").dataSync(), before);
    assert.ok(
      weight("block2_bn/moving_mean")
        .dataSync()
        .some((v) => v !== 0),
    );
    // Its statistics are those it has, not the batch's: moving them moves what training sees.
    const x = images(4, 16);
    const logits = () => tf.tidy(() => network.trainingLogits(network.features(x), 0).dataSync());
    const first = logits();
    tf.tidy(() => weight("block1_bn/moving_mean").assign(tf.fill([16], 0.3)));
    assert.notDeepEqual(logits(), first);
    x.dispose();
    adam.dispose();
    network.dispose();
  });

  it("leaves no tensor and no byte behind in a step or a prediction", () => {
    const network = new Network(SMALL);
    const adam = new Adam(network.weights().filter((w) => w.trainable));
    step(network, adam, 0, 16, 8);
    const { numTensors, numBytes } = tf.memory();
    for (let i = 1; i < 4; i++) step(network, adam, i, 16, 8);
    tf.tidy(() => network.scores(images(2, 16)).dataSync());
    assert.equal(tf.memory().numTensors, numTensors);
    assert.equal(tf.memory().numBytes, numBytes);
    adam.dispose();
    network.dispose();
  });

  it("keys dropout by step: the same step repeats, another differs, prediction has none", () => {
    const network = new Network(SMALL);
    const x = images(4, 16);
    const logits = (n: number) => tf.tidy(() => network.trainingLogits(network.features(x), n).dataSync());
    const scores = () => tf.tidy(() => network.scores(x).dataSync());
    const first = logits(1);
    assert.deepEqual(logits(1), first);
    assert.notDeepEqual(logits(2), first);
    assert.deepEqual(scores(), scores());
    x.dispose();
    network.dispose();
  });

  it("predicts with moving statistics that follow the batches", () => {
    const network = new Network({ ...SMALL, dropout: 0 });
    const x = images(4, 16);
    const weight = (name: string) =>
      network
        .weights()
        .find((w) => w.name.endsWith(name))!
        .value.dataSync();
    assert.ok(weight("moving_mean").every((v) => v === 0));
    for (let i = 0; i < 200; i++) tf.tidy(() => void network.trainingLogits(network.features(x), i));
    // After 200 equal batches at momentum 0.9 the statistics are the batch's: both modes agree.
    tf.tidy(() => {
      const training = tf.sigmoid(network.trainingLogits(network.features(x), 0)).dataSync();
      assertClose(network.scores(x).dataSync(), training, 1e-3);
    });
    x.dispose();
    network.dispose();
  });
});

it("Adam takes Keras's steps", () => {
  const value = tf.variable(tf.tensor1d([1]));
  const adam = new Adam([{ name: "w", value, trainable: true }]);
  // Formula of the doc comment in double precision (Python).
  const expected = [0.9900000632451532, 0.9873367079207922, 0.9841842898258326];
  for (const [i, g] of [0.5, -0.25, 0.1].entries()) {
    tf.tidy(() => adam.apply({ [value.name]: tf.tensor1d([g]) }, 0.01));
    assertClose(value.dataSync(), [expected[i]!], 1e-6);
  }
  adam.dispose();
  value.dispose();
});

it("preprocess modes equal Keras's", () => {
  const x = tf.tensor4d([255, 0, 51], [1, 1, 1, 3]);
  const of = (mode: "scale255" | "caffe" | "tf") => tf.tidy(() => preprocess(x, mode).dataSync());
  assertClose(of("scale255"), [1, 0, 0.2], 1e-6);
  assertClose(of("tf"), [1, -1, -0.6], 1e-6);
  assertClose(of("caffe"), [51 - 103.939, 0 - 116.779, 255 - 123.68], 1e-5);
  x.dispose();
});
