import { f1 } from "./metrics.js";

/** Thresholds tried: 0.01, 0.02 … 0.99. */
const STEPS = 100;

/**
 * Finds the one threshold that gives the best micro F1 on a sample of the training split; the held-out split must not
 * choose it. Equal F1 values go to the threshold nearest 0.5.
 */
export class ThresholdSearch {
  private readonly pairs = new Float64Array(STEPS + 1);
  private readonly positives = new Float64Array(STEPS + 1);
  images = 0;

  constructor(private readonly positiveAt: number) {}

  /** Adds an image: scores and targets [tags]. */
  add(scores: Float32Array, targets: Float32Array): void {
    for (let t = 0; t < scores.length; t++) {
      const step = Math.floor(scores[t]! * STEPS);
      this.pairs[step]!++;
      if (targets[t]! >= this.positiveAt) this.positives[step]!++;
    }
    this.images++;
  }

  /** 0.5 when the sample holds no positive pair. */
  best(): number {
    const total = this.positives.reduce((sum, n) => sum + n, 0);
    if (total === 0) return 0.5;
    let best = { threshold: 0.5, f1: -1 };
    let hit = this.positives[STEPS]!;
    let said = this.pairs[STEPS]!;
    for (let step = STEPS - 1; step >= 1; step--) {
      hit += this.positives[step]!;
      said += this.pairs[step]!;
      const value = f1(hit, said, total);
      const threshold = step / STEPS;
      const nearer = Math.abs(threshold - 0.5) < Math.abs(best.threshold - 0.5);
      if (value > best.f1 || (value === best.f1 && nearer)) best = { threshold, f1: value };
    }
    return best.threshold;
  }
}
