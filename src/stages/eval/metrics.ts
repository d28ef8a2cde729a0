import { topPositions } from "../../student/labels.js";
import { Agreement } from "./agreement.js";
import { Calibration, type CalibrationBin } from "./calibration.js";
import { Ranking } from "./ranking.js";

/** Which pairs are positive, which tags count for the macro metrics, and where a score means "yes". */
export interface Rules {
  /** A pair is positive when the teacher's score is at least this. */
  readonly positiveAt: number;
  /** Macro metrics are over tags with at least this many positives … */
  readonly minPositives: number;
  /** … and at most this share of positives. */
  readonly maxPrevalence: number;
  /** The student says "yes" from this score on (F1, precision and recall). */
  readonly threshold: number;
}

/** How one tag did. */
export interface TagMetrics {
  readonly positives: number;
  /** Share of images that are positive: the average precision of a ranking that knows nothing. */
  readonly prevalence: number;
  /** Average precision; NaN without positives. */
  readonly ap: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
  readonly meanScore: number;
  readonly meanTeacher: number;
  /** Counts for the macro metrics. */
  readonly counted: boolean;
}

export interface Metrics {
  readonly images: number;
  /** Macro mean average precision over `tags` tags. NaN when no tag counts. */
  readonly map: number;
  readonly tags: number;
  /** Average precision of the one ranking of all pairs. */
  readonly microMap: number;
  readonly pAt1: number;
  readonly pAt5: number;
  readonly f1Micro: number;
  readonly f1Macro: number;
  readonly ece: number;
  /** Mean KL divergence of the student from the teacher, nats for each pair. */
  readonly kl: number;
  /** Share of the teacher's highest tag, or 5 highest, among the student's; see agreement.ts. */
  readonly agreementAt1: number;
  readonly agreementAt5: number;
}

/** Scores are kept this far from 0 and 1 in logarithms, as Keras's epsilon does. */
const EPSILON = 1e-7;

/**
 * KL divergence KL(q ‖ p) = q ln(q/p) + (1−q) ln((1−q)/(1−p)) of two Bernoulli distributions, in nats, 0 ln 0 = 0; it is the
 * binary cross-entropy less the teacher's own entropy (per-label distillation of Yang et al. 2023, "Multi-label
 * knowledge distillation", eq. 5).
 */
export function bernoulliKl(teacher: number, student: number): number {
  const p = Math.min(1 - EPSILON, Math.max(EPSILON, student));
  const q = Math.min(1, Math.max(0, teacher));
  return (q > 0 ? q * Math.log(q / p) : 0) + (q < 1 ? (1 - q) * Math.log((1 - q) / (1 - p)) : 0);
}

/** F1 = 2 TP / (2 TP + FP + FN); 0 where nothing is positive and nothing was said. */
export function f1(hit: number, said: number, positives: number): number {
  return said + positives === 0 ? 0 : (2 * hit) / (said + positives);
}

/**
 * Metrics of multi-label predictions against soft teacher scores, over two passes: `first` sees each image's scores and
 * targets, then, after `seal`, `second` sees each image's scores again. Memory: O(tags + positive pairs).
 */
export class Evaluation {
  private readonly perTag: Ranking;
  private readonly overall = new Ranking(1);
  private readonly calibration = new Calibration();
  private readonly agreementAt1 = new Agreement(1);
  private readonly agreementAt5 = new Agreement(5);
  private readonly hit: Float64Array;
  private readonly said: Float64Array;
  private readonly sumScore: Float64Array;
  private readonly sumTeacher: Float64Array;
  private images = 0;
  private klSum = 0;
  private hitAt1 = 0;
  private hitAt5 = 0;

  constructor(
    private readonly tagCount: number,
    private readonly rules: Rules,
  ) {
    this.perTag = new Ranking(tagCount);
    this.hit = new Float64Array(tagCount);
    this.said = new Float64Array(tagCount);
    this.sumScore = new Float64Array(tagCount);
    this.sumTeacher = new Float64Array(tagCount);
  }

  /**
   * First pass over an image.
   *
   * @param scores [tags] the student's, in [0, 1]
   * @param targets [tags] the teacher's, in [0, 1]
   * @returns the image's mean KL divergence over the tags
   */
  first(scores: Float32Array, targets: Float32Array): number {
    const { positiveAt, threshold } = this.rules;
    let kl = 0;
    for (let t = 0; t < this.tagCount; t++) {
      const score = scores[t]!;
      const teacher = targets[t]!;
      const positive = teacher >= positiveAt;
      if (positive) {
        this.perTag.addPositive(t, score);
        this.overall.addPositive(0, score);
      }
      if (score >= threshold) {
        this.said[t]!++;
        if (positive) this.hit[t]!++;
      }
      this.sumScore[t]! += score;
      this.sumTeacher[t]! += teacher;
      this.calibration.add(score, teacher, positive);
      kl += bernoulliKl(teacher, score);
    }
    const best = topPositions(scores, 5);
    this.agreementAt1.add(best, targets);
    this.agreementAt5.add(best, targets);
    const top = best.map((t) => (targets[t]! >= positiveAt ? 1 : 0));
    this.hitAt1 += top[0] ?? 0;
    this.hitAt5 += top.reduce((sum: number, hit) => sum + hit, 0);
    this.images++;
    this.klSum += kl / this.tagCount;
    return kl / this.tagCount;
  }

  /** Ends the first pass. */
  seal(): void {
    this.perTag.seal();
    this.overall.seal();
  }

  /** Second pass over an image: the same scores again. */
  second(scores: Float32Array): void {
    for (let t = 0; t < this.tagCount; t++) {
      this.perTag.count(t, scores[t]!);
      this.overall.count(0, scores[t]!);
    }
  }

  bins(): CalibrationBin[] {
    return this.calibration.bins();
  }

  /** One tag's metrics, after both passes. */
  tag(t: number): TagMetrics {
    const positives = this.perTag.positives(t);
    const prevalence = positives / this.images;
    return {
      positives,
      prevalence,
      ap: this.perTag.averagePrecision(t),
      precision: this.said[t]! === 0 ? 0 : this.hit[t]! / this.said[t]!,
      recall: positives === 0 ? 0 : this.hit[t]! / positives,
      f1: f1(this.hit[t]!, this.said[t]!, positives),
      meanScore: this.sumScore[t]! / this.images,
      meanTeacher: this.sumTeacher[t]! / this.images,
      counted: positives >= this.rules.minPositives && prevalence <= this.rules.maxPrevalence,
    };
  }

  /** The metrics, after both passes. Precision at k divides by k, so images with fewer positives cannot reach 1. */
  metrics(): Metrics {
    let tags = 0;
    let apSum = 0;
    let f1Sum = 0;
    let hit = 0;
    let said = 0;
    for (let t = 0; t < this.tagCount; t++) {
      hit += this.hit[t]!;
      said += this.said[t]!;
      const tag = this.tag(t);
      if (!tag.counted) continue;
      tags++;
      apSum += tag.ap;
      f1Sum += tag.f1;
    }
    return {
      images: this.images,
      map: apSum / tags,
      tags,
      microMap: this.overall.averagePrecision(0),
      pAt1: this.hitAt1 / this.images,
      pAt5: this.hitAt5 / (5 * this.images),
      f1Micro: f1(hit, said, this.overall.positives(0)),
      f1Macro: f1Sum / tags,
      ece: this.calibration.error(),
      kl: this.klSum / this.images,
      agreementAt1: this.agreementAt1.mean(),
      agreementAt5: this.agreementAt5.mean(),
    };
  }
}
