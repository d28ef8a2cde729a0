import { readFileSync } from "node:fs";

interface Expected {
  /** [2, 4], as are scores, hard, weights and mask. */
  readonly logits: readonly number[];
  readonly scores: readonly number[];
  readonly hard: readonly number[];
  readonly weights: readonly number[];
  readonly mask: readonly number[];
  readonly losses: Readonly<Record<string, number>>;
  readonly start: readonly number[];
  readonly gradients: readonly (readonly number[])[];
  readonly rates: readonly number[];
  /** The weight after each step. */
  readonly optimizers: Readonly<Record<string, readonly (readonly number[])[]>>;
  readonly clip: {
    readonly inputs: readonly (readonly number[])[];
    readonly clipped: Readonly<Record<string, readonly (readonly number[])[]>>;
  };
  readonly schedules: Readonly<Record<string, readonly number[]>>;
}

/** Numbers of Keras and NumPy; test/fixtures/student/training.py makes them. */
export const EXPECTED = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/student/training.json", import.meta.url), "utf8"),
) as Expected;
