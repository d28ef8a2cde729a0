import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { clipByGlobalNorm } from "../../src/student/clip.js";
import { type Optimizer, type OptimizerSpec, optimizerOf } from "../../src/student/optimizer.js";
import { learningRate, type RateSpec } from "../../src/student/schedule.js";
import { onEachEngine } from "../engine/each-engine.js";
import { assertClose } from "../engine/numeric.js";
import { EXPECTED } from "./expected.js";

const OPTIMIZERS: Readonly<Record<string, OptimizerSpec>> = {
  adam: { type: "adam" },
  adamw: { type: "adamw", weightDecay: 0.004 },
  "adamw, weight decay 0.5": { type: "adamw", weightDecay: 0.5 },
  sgd: { type: "sgd", momentum: 0, nesterov: false },
  "sgd, momentum 0.9": { type: "sgd", momentum: 0.9, nesterov: false },
  "sgd, momentum 0.9, nesterov": { type: "sgd", momentum: 0.9, nesterov: true },
  rmsprop: { type: "rmsprop", rho: 0.9, momentum: 0 },
  "rmsprop, rho 0.8, momentum 0.5": { type: "rmsprop", rho: 0.8, momentum: 0.5 },
};

const SLOTS: Readonly<Record<string, readonly string[]>> = {
  adam: ["w/m", "w/v"],
  adamw: ["w/m", "w/v"],
  "adamw, weight decay 0.5": ["w/m", "w/v"],
  sgd: [],
  "sgd, momentum 0.9": ["w/velocity"],
  "sgd, momentum 0.9, nesterov": ["w/velocity"],
  rmsprop: ["w/square"],
  "rmsprop, rho 0.8, momentum 0.5": ["w/square", "w/momentum"],
};

function apply(optimizer: Optimizer, weight: tf.Variable, step: number): Float32Array {
  tf.tidy(() => {
    const gradient = tf.tensor1d([...EXPECTED.gradients[step % 4]!]);
    optimizer.apply({ [weight.name]: gradient }, EXPECTED.rates[step % 4]!);
  });
  return weight.dataSync().slice() as Float32Array;
}

it("has a case for each optimiser of the fixture", () => {
  assert.deepEqual(Object.keys(OPTIMIZERS), Object.keys(EXPECTED.optimizers));
});

onEachEngine(() => {
  for (const [name, spec] of Object.entries(OPTIMIZERS)) {
    it(`${name}: takes Keras's steps and leaves no tensors`, () => {
      const { numTensors } = tf.memory();
      const value = tf.tidy(() => tf.variable(tf.tensor1d([...EXPECTED.start])));
      const optimizer = optimizerOf(spec, [{ name: "w", value, trainable: true }]);
      assert.deepEqual(
        optimizer.slots().map((slot) => slot.name),
        SLOTS[name],
      );
      for (const [step, expected] of EXPECTED.optimizers[name]!.entries()) {
        assertClose(apply(optimizer, value, step), expected, 1e-6);
      }
      optimizer.dispose();
      value.dispose();
      assert.equal(tf.memory().numTensors, numTensors);
    });

    it(`${name}: slots and state are all it remembers`, () => {
      const start = tf.tensor1d([...EXPECTED.start]);
      const [first, second] = [0, 0].map(() => {
        const value = tf.tidy(() => tf.variable(tf.clone(start)));
        return { value, optimizer: optimizerOf(spec, [{ name: "w", value, trainable: true }]) };
      }) as [Twin, Twin];
      for (let step = 0; step < 130; step++) apply(first.optimizer, first.value, step);
      second.value.assign(first.value);
      for (const [i, { value }] of second.optimizer.slots().entries()) {
        value.assign(first.optimizer.slots()[i]!.value);
      }
      // By way of JSON, as in a snapshot.
      second.optimizer.state = JSON.parse(JSON.stringify(first.optimizer.state));
      for (let step = 130; step < 140; step++) {
        const [one, other] = [first, second].map((twin) => apply(twin.optimizer, twin.value, step));
        assert.deepEqual(other, one);
      }
      for (const { value, optimizer } of [first, second]) {
        optimizer.dispose();
        value.dispose();
      }
      start.dispose();
    });
  }

  it("adam leaves a copy of a weight, and who was given its values, alone", () => {
    const value = tf.tidy(() => tf.variable(tf.tensor1d([...EXPECTED.start])));
    const optimizer = optimizerOf({ type: "adam" }, [{ name: "w", value, trainable: true }]);
    apply(optimizer, value, 0);
    const copy = tf.clone(value);
    const read = value.dataSync();
    const before = [...read];
    apply(optimizer, value, 1);
    assert.deepEqual([...copy.dataSync()], before);
    assert.deepEqual([...read], before);
    assert.notDeepEqual([...value.dataSync()], before);
    for (const each of [copy, value, optimizer]) each.dispose();
  });
});

interface Twin {
  readonly value: tf.Variable;
  readonly optimizer: Optimizer;
}

describe("gradient clipping", () => {
  for (const [norm, expected] of Object.entries(EXPECTED.clip.clipped)) {
    it(`to ${norm}: as TensorFlow's clip_by_global_norm`, () => {
      const clipped = tf.tidy(() => {
        const gradients = EXPECTED.clip.inputs.map((g, i) => [`w${i}`, tf.tensor1d([...g])] as const);
        const result = clipByGlobalNorm(Object.fromEntries(gradients), Number(norm));
        return Object.values(result).map((g) => [...g.dataSync()]);
      });
      for (const [i, values] of expected.entries()) assertClose(clipped[i]!, values, 1e-6);
    });
  }
});

describe("schedules", () => {
  const rates = (spec: Partial<RateSpec>, steps: number) => {
    const whole: RateSpec = {
      base: 0.1,
      schedule: { type: "constant" },
      warmup: 0,
      epochs: 4,
      stepsPerEpoch: 2,
      ...spec,
    };
    return Array.from({ length: steps }, (_, step) =>
      learningRate(whole, step, 1 + Math.floor(step / whole.stepsPerEpoch)),
    );
  };

  it("cosine falls as Keras's CosineDecay, from the end of the warm-up on", () => {
    assertClose(rates({ schedule: { type: "cosine" } }, 9), EXPECTED.schedules.cosine!, 1e-6);
    assertClose(
      rates({ schedule: { type: "cosine" }, warmup: 1, epochs: 5 }, 10),
      EXPECTED.schedules["cosine after 2 steps of warm-up"]!,
      1e-6,
    );
  });

  it("constant stays, and rises before by equal steps", () => {
    assert.deepEqual(rates({}, 3), [0.1, 0.1, 0.1]);
    assertClose(rates({ warmup: 2.5 }, 7), [0.02, 0.04, 0.06, 0.08, 0.1, 0.1, 0.1], 1e-12);
    // A warm-up longer than the training: it ends on the way.
    assertClose(rates({ schedule: { type: "cosine" }, warmup: 10 }, 2), [0.005, 0.01], 1e-12);
  });

  it("step falls by its factor every so many epochs", () => {
    const steps = rates({ schedule: { type: "step", every: 2, factor: 0.5 }, epochs: 5 }, 10);
    assertClose(steps, [0.1, 0.1, 0.1, 0.1, 0.05, 0.05, 0.05, 0.05, 0.025, 0.025], 1e-12);
  });
});
