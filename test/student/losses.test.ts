import assert from "node:assert/strict";
import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../../src/engine/engine.js";
import {
  binaryCrossEntropy,
  describeLoss,
  type LossSpec,
  type LossTerm,
  lossOf,
  onlyRanks,
} from "../../src/student/losses.js";
import { assertClose, finiteDifferences } from "../engine/numeric.js";
import { EXPECTED } from "./expected.js";

before(async () => void (await openEngine("wasm")));

const LOGITS = Float32Array.from(EXPECTED.logits);
const SHAPE: [number, number] = [2, 4];
const table = (values: ArrayLike<number>) => tf.tensor2d(Float32Array.from(values), SHAPE);

interface Case {
  readonly spec: LossSpec;
  readonly scores: readonly number[];
  readonly weights?: readonly number[];
}

const value = ({ spec, scores, weights }: Case, logits: ArrayLike<number>) =>
  tf.tidy(() => lossOf(spec)(table(logits), table(scores), weights && table(weights)).dataSync()[0]!);

const gradient = ({ spec, scores, weights }: Case, logits: ArrayLike<number>) =>
  tf.tidy(() => {
    const loss = (z: tf.Tensor) => lossOf(spec)(z as tf.Tensor2D, table(scores), weights && table(weights));
    return tf.grad(loss)(table(logits)).dataSync();
  });

type Bare = LossTerm extends infer T ? (T extends LossTerm ? Omit<T, "weight"> : never) : never;
const BCE: Bare = { type: "bce" };
const kl = (temperature: number, inverse: "sigmoid" | "softmax" = "sigmoid"): Bare => ({
  type: "kl",
  temperature,
  inverse,
});
const binaryKl = (temperature: number): Bare => ({ type: "binary_kl", temperature });
const focal = (gamma: number): Bare => ({ type: "focal", gamma });

const { scores, hard, weights, mask } = EXPECTED;
const of = (term: Bare, more: { smoothing?: number } & Partial<Omit<Case, "spec">> = {}): Case => {
  const { smoothing = 0, ...data } = more;
  return { spec: { terms: [{ ...term, weight: 1 } as LossTerm], smoothing }, scores, ...data };
};

const CASES: Readonly<Record<string, Case>> = {
  bce: of(BCE),
  "bce, smoothing 0.1": of(BCE, { smoothing: 0.1 }),
  "bce, weights": of(BCE, { weights }),
  "bce, mask": of(BCE, { weights: mask }),
  "kl, temperature 2": of(kl(2)),
  "kl, temperature 1": of(kl(1)),
  "kl, temperature 2, weights": of(kl(2), { weights }),
  "kl, temperature 3, mask": of(kl(3), { weights: mask }),
  "kl, temperature 2, smoothing 0.1": of(kl(2), { smoothing: 0.1 }),
  "kl, temperature 2, weights, smoothing 0.1": of(kl(2), { weights, smoothing: 0.1 }),
  "kl, temperature 3, mask, smoothing 0.1": of(kl(3), { weights: mask, smoothing: 0.1 }),
  "kl, temperature 2, inverse softmax": of(kl(2, "softmax")),
  "kl, temperature 2, inverse softmax, mask": of(kl(2, "softmax"), { weights: mask }),
  "binary_kl, temperature 1": of(binaryKl(1)),
  "binary_kl, temperature 3": of(binaryKl(3)),
  "binary_kl, temperature 3, weights": of(binaryKl(3), { weights }),
  "focal, gamma 2, hard": of(focal(2), { scores: hard }),
  "focal, gamma 2": of(focal(2)),
  "focal, gamma 0.5": of(focal(0.5)),
  "focal, gamma 1.5, weights": of(focal(1.5), { weights }),
  "0.5 bce + 2 kl, temperature 2": {
    spec: {
      terms: [
        { type: "bce", weight: 0.5 },
        { type: "kl", weight: 2, temperature: 2, inverse: "sigmoid" },
      ],
      smoothing: 0,
    },
    scores,
  },
};

describe("losses", () => {
  it("has a case for each number of the fixture", () => {
    assert.deepEqual(Object.keys(CASES).sort(), Object.keys(EXPECTED.losses).sort());
  });

  for (const [name, example] of Object.entries(CASES)) {
    it(`${name}: value`, () => assertClose([value(example, LOGITS)], [EXPECTED.losses[name]!], 2e-6));

    it(`${name}: gradient equals finite differences`, () => {
      const differences = finiteDifferences((z) => value(example, z), LOGITS, 1e-2);
      assertClose(gradient(example, LOGITS), differences, 2e-4);
    });
  }

  it("of extreme logits are finite, and so are their gradients", () => {
    const extreme = Float32Array.of(200, -200, 0, 0, 0, 80, -90, 0);
    for (const [name, example] of Object.entries(CASES)) {
      const all = [value(example, extreme), ...gradient(example, extreme)];
      assert.ok(all.every(Number.isFinite), `${name}: ${all}`);
    }
    // By hand: (200 · 0.1 + 200 · 0.2 + log 2 · (0 + …)) with a tag's loss log 2 at logit 0.
    const expected = (20 + 40 + 4 * Math.LN2 + 40 + 90 + Math.LN2 - Math.LN2) / 8;
    assertClose([value(CASES.bce!, extreme)], [expected], 1e-6);
  });

  it("ignores what an ignored target would be", () => {
    const others = scores.map((s, i) => (mask[i] === 0 ? 0.7 : s));
    for (const term of [BCE, kl(2), kl(2, "softmax"), binaryKl(2), focal(2)]) {
      const [one, other] = [scores, others].map((s) => value(of(term, { scores: s, weights: mask }), LOGITS));
      assertClose([other!], [one!], 1e-6);
      const slopes = gradient(of(term, { weights: mask }), LOGITS);
      assert.ok(
        slopes.every((slope, i) => mask[i] !== 0 || slope === 0) && slopes.some((slope) => slope !== 0),
        `${term.type}: ${slopes}`,
      );
    }
  });

  it("are lowest where the student says what the teacher said", () => {
    const inside = scores.map((s) => Math.min(0.95, Math.max(0.05, s)));
    const logits = inside.map((s) => Math.log(s / (1 - s)));
    for (const term of [BCE, kl(3), binaryKl(3), focal(2)]) {
      const slopes = gradient(of(term, { scores: inside, weights }), logits);
      assert.ok(
        slopes.every((slope) => Math.abs(slope) < 1e-6),
        `${term.type}: ${slopes}`,
      );
    }
  });

  it("kl ignores a constant added to an image's logits, and so only ranks; a sum with bce does not", () => {
    const shifted = LOGITS.map((z, i) => (i < 4 ? z + 5 : z));
    const mixed = CASES["0.5 bce + 2 kl, temperature 2"]!;
    assertClose([value(of(kl(2)), shifted)], [value(of(kl(2)), LOGITS)], 1e-5);
    assert.ok(value(mixed, shifted) > value(mixed, LOGITS) + 0.1);
    assert.equal(onlyRanks(of(kl(2)).spec), true);
    assert.equal(onlyRanks(mixed.spec), false);
    assert.equal(describeLoss(mixed.spec), "0.5 bce + 2 kl");
    assert.equal(describeLoss(of(focal(2)).spec), "focal");
  });

  it("leaves no tensors", () => {
    const { numTensors } = tf.memory();
    for (const example of Object.values(CASES)) gradient(example, LOGITS);
    tf.tidy(() => binaryCrossEntropy(table(LOGITS), table(scores)).dataSync());
    assert.equal(tf.memory().numTensors, numTensors);
  });
});
