export type Schedule = "constant" | "cosine";

/** Learning rate of a step; cosine goes from the base rate to 0 (Loshchilov and Hutter, arXiv:1608.03983, no restart). */
export function learningRate(schedule: Schedule, base: number, step: number, steps: number): number {
  if (schedule === "constant") return base;
  return (base / 2) * (1 + Math.cos((Math.PI * Math.min(step, steps)) / steps));
}
