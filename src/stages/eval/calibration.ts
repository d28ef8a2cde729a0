/** Bins of the expected calibration error. */
const BINS = 15;

/** One bin of the calibration plot: means over the pairs whose score falls into it. */
export interface CalibrationBin {
  readonly pairs: number;
  /** Mean score of the student. */
  readonly score: number;
  /** Share of pairs that are positive. */
  readonly positive: number;
  /** Mean score of the teacher. */
  readonly teacher: number;
}

/**
 * Expected calibration error over all (image, tag) pairs, each a binary prediction:
 * ECE = Σ_b (n_b / N) · |mean(y)_b − mean(p)_b| over 15 bins of equal width, (0, 1/15], (1/15, 2/15] …, with 0 in the
 * first (Naeini et al. 2015, "Obtaining well calibrated probabilities using Bayesian binning"; Guo et al. 2017, "On
 * calibration of modern neural networks", eq. 3). y is 1 for a positive pair, p the student's score.
 */
export class Calibration {
  private readonly pairs = new Float64Array(BINS);
  private readonly score = new Float64Array(BINS);
  private readonly positive = new Float64Array(BINS);
  private readonly teacher = new Float64Array(BINS);

  add(score: number, teacher: number, positive: boolean): void {
    const bin = Math.min(BINS - 1, Math.max(0, Math.ceil(score * BINS) - 1));
    this.pairs[bin]!++;
    this.score[bin]! += score;
    this.teacher[bin]! += teacher;
    if (positive) this.positive[bin]!++;
  }

  error(): number {
    let gaps = 0;
    let total = 0;
    for (let b = 0; b < BINS; b++) {
      gaps += Math.abs(this.positive[b]! - this.score[b]!);
      total += this.pairs[b]!;
    }
    return gaps / total;
  }

  bins(): CalibrationBin[] {
    return Array.from(this.pairs, (pairs, b) => ({
      pairs,
      score: pairs ? this.score[b]! / pairs : 0,
      positive: pairs ? this.positive[b]! / pairs : 0,
      teacher: pairs ? this.teacher[b]! / pairs : 0,
    }));
  }
}
