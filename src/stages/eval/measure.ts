import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { type Gallery, GalleryBuilder } from "./gallery.js";
import { Evaluation, type Rules } from "./metrics.js";
import { ScoreFile } from "./score-file.js";
import { ThresholdSearch } from "./threshold.js";

/** Pairs counted in the second pass before other work, an abort among it, has its turn. */
const PAIRS_AT_ONCE = 1_000_000;

/** An image with the student's scores and the teacher's, [tags] each; the arrays may be used again for the next image. */
export interface Predicted {
  readonly id: string;
  readonly scores: Float32Array;
  readonly targets: Float32Array;
}

export interface MeasureOptions {
  /** Share of training images on which each tag is positive, [tags]. */
  readonly prevalence: Float32Array;
  readonly rules: Omit<Rules, "threshold">;
  /** Images of the training split on which the thresholds are chosen; may be empty. */
  readonly sample: AsyncIterable<Predicted>;
  readonly holdout: AsyncIterable<Predicted>;
  readonly scratch: string;
  readonly signal: AbortSignal;
  /** Sees each held-out image once, in order. */
  onImage(image: Predicted): void;
}

export interface Measured {
  readonly student: Evaluation;
  /** The baseline: every image gets the training prevalence of each tag. */
  readonly baseline: Evaluation;
  readonly rules: Rules;
  readonly baselineThreshold: number;
  /** Training images on which the thresholds were chosen; 0: they are 0.5. */
  readonly thresholdImages: number;
  readonly gallery: Gallery;
}

/**
 * Measures student and baseline on the held-out images in two passes over their scores, which lie in a scratch file
 * between the passes. Memory: O(tags) and about 32 bytes for each positive pair, twice; not O(images × tags).
 */
export async function measure(options: MeasureOptions): Promise<Measured> {
  const { prevalence, rules: given } = options;
  const tagCount = prevalence.length;
  const search = new ThresholdSearch(given.positiveAt);
  const baselineSearch = new ThresholdSearch(given.positiveAt);
  for await (const { scores, targets } of options.sample) {
    search.add(scores, targets);
    baselineSearch.add(prevalence, targets);
  }
  const rules = { ...given, threshold: search.best() };
  const baselineThreshold = baselineSearch.best();

  const student = new Evaluation(tagCount, rules);
  const baseline = new Evaluation(tagCount, { ...rules, threshold: baselineThreshold });
  const gallery = new GalleryBuilder(rules.positiveAt);
  const file = new ScoreFile(join(options.scratch, "holdout-scores.f32"), tagCount);
  try {
    for await (const image of options.holdout) {
      const kl = student.first(image.scores, image.targets);
      baseline.first(prevalence, image.targets);
      gallery.add(image.id, kl, image.scores, image.targets);
      file.append(image.scores);
      options.onImage(image);
    }
    student.seal();
    baseline.seal();
    let pairs = 0;
    for (const scores of file.rows()) {
      student.second(scores);
      baseline.second(prevalence);
      pairs += tagCount;
      if (pairs < PAIRS_AT_ONCE) continue;
      pairs = 0;
      await setImmediate();
      options.signal.throwIfAborted();
    }
  } finally {
    file.close();
  }
  return {
    student,
    baseline,
    rules,
    baselineThreshold,
    thresholdImages: search.images,
    gallery: gallery.build(),
  };
}
