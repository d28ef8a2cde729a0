/** How the learning rate goes on after the warm-up. */
export type Schedule =
  | { readonly type: "constant" }
  /** To 0 at the end (Loshchilov and Hutter, arXiv:1608.03983, no restart). */
  | { readonly type: "cosine" }
  /** By a factor after every so many epochs. */
  | { readonly type: "step"; readonly every: number; readonly factor: number };

export interface RateSpec {
  readonly base: number;
  readonly schedule: Schedule;
  /** Epochs, or parts of one, in which the rate rises to its base by equal steps; the schedule follows. */
  readonly warmup: number;
  readonly epochs: number;
  readonly stepsPerEpoch: number;
}

/**
 * Learning rate of a step.
 *
 * @param step counts from 0 through all epochs
 * @param epoch from 1
 */
export function learningRate(spec: RateSpec, step: number, epoch: number): number {
  const { base, schedule, epochs, stepsPerEpoch } = spec;
  const rising = Math.round(spec.warmup * stepsPerEpoch);
  if (step < rising) return (base * (step + 1)) / rising;
  switch (schedule.type) {
    case "constant":
      return base;
    case "cosine": {
      const falling = Math.max(1, epochs * stepsPerEpoch - rising);
      return (base / 2) * (1 + Math.cos((Math.PI * Math.min(step - rising, falling)) / falling));
    }
    case "step":
      return base * schedule.factor ** Math.floor((epoch - 1) / schedule.every);
  }
}
