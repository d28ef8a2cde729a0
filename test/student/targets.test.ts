import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { bestEpoch, type EpochRecord, stopsEarly } from "../../src/student/history.js";
import { balancedWeights, countsAlike, targetWeights } from "../../src/student/targets.js";
import { validationShare } from "../../src/student/validation.js";
import { assertClose } from "../engine/numeric.js";

describe("weights of targets", () => {
  it("unreturned tags count as much as asked, each tag by its own weight", () => {
    const of = (unreturned: number, tags?: Float32Array) => {
      const into = new Float32Array(4).fill(9);
      targetWeights(
        [
          [1, 0.8],
          [3, 0],
        ],
        { unreturned, tags },
        into,
      );
      return [...into];
    };
    // A returned score of 0 is returned.
    assert.deepEqual(of(0), [0, 1, 0, 1]);
    assert.deepEqual(of(0.25), [0.25, 1, 0.25, 1]);
    assert.deepEqual(of(0.25, Float32Array.of(1, 2, 4, 0.5)), [0.25, 2, 1, 0.5]);
    assert.equal(countsAlike({ unreturned: 1 }), true);
    assert.equal(countsAlike({ unreturned: 1, tags: new Float32Array(4) }), false);
    assert.equal(countsAlike({ unreturned: 0 }), false);
  });

  it("balanced weights go with one over the count, or its root", () => {
    // scikit-learn's compute_class_weight("balanced") of counts 1, 4, 16, divided by its mean: 1, 1/4, 1/16 of 21/16 · 16/7.
    assertClose(balancedWeights([1, 4, 16], 1), [48 / 21, 12 / 21, 3 / 21], 1e-6);
    assertClose(balancedWeights([1, 4, 16], 0.5), [12 / 7, 6 / 7, 3 / 7], 1e-6);
    assertClose(balancedWeights([0, 1], 1), [1, 1], 1e-6);
  });
});

describe("validation", () => {
  it("puts about its share aside, by ids alone, and keeps it as the share grows", () => {
    const ids = Array.from({ length: 2000 }, (_, i) => `image ${i}`);
    const aside = (share: number) => ids.filter(validationShare(share));
    assert.ok(Math.abs(aside(0.2).length - 400) < 60, String(aside(0.2).length));
    assert.deepEqual(aside(0), []);
    const larger = new Set(aside(0.3));
    assert.ok(aside(0.2).every((id) => larger.has(id)));
  });
});

describe("early stopping", () => {
  const history = (losses: readonly number[], validation?: readonly number[]): EpochRecord[] =>
    losses.map((loss, i) => ({
      epoch: i + 1,
      loss,
      samples: 1,
      learning_rate: 1,
      ...(validation && { val_loss: validation[i]! }),
    }));

  it("ends after `patience` epochs without an improvement of more than `minDelta`", () => {
    const stops = (losses: number[], patience: number, minDelta = 0) =>
      stopsEarly(history(losses), { patience, minDelta });
    assert.equal(stops([3, 2, 2, 2.5], 2), true);
    assert.equal(stops([3, 2, 2, 1.9], 2), false);
    assert.equal(stops([3, 2, 1.95, 1.91], 2, 0.1), true);
    assert.equal(stops([3, 2, 1.95, 1.85], 2, 0.1), false);
    assert.equal(stops([], 1), false);
    assert.equal(stops([3], 1), false);
  });

  it("goes by the validation loss where there is one", () => {
    const rising = history([3, 2, 1], [1, 2, 3]);
    assert.equal(stopsEarly(rising, { patience: 2, minDelta: 0 }), true);
    assert.equal(bestEpoch(rising).epoch, 1);
    assert.equal(bestEpoch(history([3, 1, 1, 2])).epoch, 2);
  });
});
