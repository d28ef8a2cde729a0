import assert from "node:assert/strict";
import { test } from "node:test";
import { Agreement } from "../../../src/stages/eval/agreement.js";
import { bernoulliKl, Evaluation } from "../../../src/stages/eval/metrics.js";
import { ThresholdSearch } from "../../../src/stages/eval/threshold.js";
import { topPositions } from "../../../src/student/labels.js";

const IMAGES = 60;
const TAGS = 7;
const RULES = { positiveAt: 0.5, minPositives: 10, maxPrevalence: 0.5, threshold: 0.4 };

/** What test/fixtures/eval/metrics.py printed (scikit-learn's numbers for the arrays of `arrays`). */
const EXPECTED = {
  positives: [40, 33, 32, 19, 19, 3, 0],
  counted: [false, false, false, true, true, false, false],
  ap: [
    0.956572545289584, 0.9244972210365305, 0.8636847055122048, 0.6555714369616052, 0.7224193911163351,
    0.5555555555555556,
  ],
  f1: [
    0.8571428571428571, 0.8450704225352113, 0.7887323943661971, 0.6037735849056604, 0.6, 0.16216216216216217,
    0,
  ],
  map: 0.6889954140389702,
  microMap: 0.8069262790423103,
  pAt1: 0.8666666666666667,
  pAt5: 0.47333333333333333,
  f1Micro: 0.670076726342711,
  f1Macro: 0.6018867924528302,
  ece: 0.15997023809523808,
  kl: 0.17925014870872763,
  agreementAt1: 0.65,
  agreementAt5: 0.8144444444444443,
};

/** The arrays of metrics.py, made again by the same 32-bit xorshift. */
function arrays(): { teacher: Float32Array; student: Float32Array }[] {
  let state = 2463534242;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
  const reach = [2.0, 1.2, 1.0, 0.8, 0.8, 0.55, 0.3];
  return Array.from({ length: IMAGES }, () => {
    const teacher = new Float32Array(TAGS);
    const student = new Float32Array(TAGS);
    for (let t = 0; t < TAGS; t++) {
      const q = Math.min(1, next() * reach[t]!);
      teacher[t] = q > 0.2 ? q : 0;
      student[t] = Math.round((0.5 * q + 0.5 * next()) * 16) / 16;
    }
    return { teacher, student };
  });
}

function evaluate(images: { teacher: Float32Array; student: Float32Array }[]): Evaluation {
  const evaluation = new Evaluation(TAGS, RULES);
  for (const image of images) evaluation.first(image.student, image.teacher);
  evaluation.seal();
  for (const image of images) evaluation.second(image.student);
  return evaluation;
}

function near(actual: number, expected: number, what: string, tolerance = 1e-12): void {
  assert.ok(Math.abs(actual - expected) <= tolerance, `${what}: ${actual}, expected ${expected}`);
}

test("metrics equal scikit-learn's on tied scores", () => {
  const evaluation = evaluate(arrays());
  const metrics = evaluation.metrics();
  for (let t = 0; t < TAGS; t++) {
    const tag = evaluation.tag(t);
    assert.equal(tag.positives, EXPECTED.positives[t]);
    assert.equal(tag.counted, EXPECTED.counted[t]);
    near(tag.f1, EXPECTED.f1[t]!, `f1 of tag ${t}`);
    if (t === 6) assert.ok(Number.isNaN(tag.ap), "a tag without positives has no average precision");
    else near(tag.ap, EXPECTED.ap[t]!, `average precision of tag ${t}`);
  }
  assert.equal(metrics.images, IMAGES);
  assert.equal(metrics.tags, 2);
  for (const name of [
    "map",
    "microMap",
    "pAt1",
    "pAt5",
    "f1Micro",
    "f1Macro",
    "ece",
    "agreementAt1",
    "agreementAt5",
  ] as const) {
    near(metrics[name], EXPECTED[name], name);
  }
  near(metrics.kl, EXPECTED.kl, "kl", 1e-9);
});

test("the order of the images does not change an average precision", () => {
  const forward = evaluate(arrays());
  const backward = evaluate(arrays().reverse());
  for (let t = 0; t < 6; t++) assert.equal(forward.tag(t).ap, backward.tag(t).ap);
  assert.equal(forward.metrics().microMap, backward.metrics().microMap);
});

test("a constant score per tag has the tag's prevalence as average precision", () => {
  const constant = arrays().map(({ teacher }) => ({ teacher, student: new Float32Array(TAGS).fill(0.3) }));
  const evaluation = evaluate(constant);
  for (let t = 0; t < 6; t++) near(evaluation.tag(t).ap, EXPECTED.positives[t]! / IMAGES, `tag ${t}`);
  near(evaluation.metrics().map, (19 / 60 + 19 / 60) / 2, "map");
});

test("agreement with the teacher: by hand", () => {
  const agreement = (k: number, ...images: [best: number[], targets: number[]][]) => {
    const made = new Agreement(k);
    for (const [best, targets] of images) made.add(best, Float32Array.from(targets));
    return made.mean();
  };
  assert.equal(
    agreement(
      1,
      [
        [2, 0, 1],
        [0.1, 0.2, 0.9],
      ],
      [
        [0, 1, 2],
        [0.1, 0.2, 0.9],
      ],
    ),
    0.5,
  );
  // Of equally high tags of the teacher any will do.
  assert.equal(
    agreement(1, [
      [1, 2, 0],
      [0, 0.9, 0.9],
    ]),
    1,
  );
  // Two of its three tags are among the student's three highest.
  assert.equal(
    agreement(5, [
      [3, 0, 1, 2, 4],
      [0.9, 0.3, 0.2, 0, 0],
    ]),
    2 / 3,
  );
  // An image of which the teacher says nothing does not count.
  assert.equal(
    agreement(
      5,
      [
        [0, 1],
        [0.5, 0],
      ],
      [
        [0, 1],
        [0, 0],
      ],
    ),
    1,
  );
  assert.ok(
    Number.isNaN(
      agreement(5, [
        [0, 1],
        [0, 0],
      ]),
    ),
  );
});

test("no tag that counts gives NaN, not 0", () => {
  const metrics = new Evaluation(TAGS, { ...RULES, minPositives: 1000 });
  for (const image of arrays()) metrics.first(image.student, image.teacher);
  metrics.seal();
  assert.ok(Number.isNaN(metrics.metrics().map));
  assert.equal(metrics.metrics().tags, 0);
});

test("bernoulliKl: by hand", () => {
  // 0.8 ln(0.8/0.5) + 0.2 ln(0.2/0.5) = 0.19274475702175753
  near(bernoulliKl(0.8, 0.5), 0.19274475702175753, "kl(0.8, 0.5)");
  assert.equal(bernoulliKl(0.3, 0.3), 0);
  // A certain teacher and a student that denies it: −ln(1e-7), not infinity.
  near(bernoulliKl(1, 0), 16.11809565095832, "kl(1, 0)");
});

test("topPositions: falling scores, ties to the smaller position, fewer than k", () => {
  assert.deepEqual(topPositions(Float32Array.of(0.1, 0.9, 0.5, 0.9, 0.5), 3), [1, 3, 2]);
  assert.deepEqual(topPositions(Float32Array.of(0, 0, 0), 2), [0, 1]);
  assert.deepEqual(topPositions(Float32Array.of(0.2), 5), [0]);
});

test("the threshold with the best micro F1 is found, ties near 0.5", () => {
  const search = new ThresholdSearch(0.5);
  // Positives score 0.3 and more, negatives 0.2 and less: every threshold in (0.2, 0.3] is perfect.
  search.add(Float32Array.of(0.3, 0.2, 0.1), Float32Array.of(1, 0.4, 0));
  search.add(Float32Array.of(0.31, 0.05, 0.8), Float32Array.of(0.5, 0, 0.9));
  assert.equal(search.best(), 0.3);
  assert.equal(search.images, 2);
  assert.equal(new ThresholdSearch(0.5).best(), 0.5);
});
