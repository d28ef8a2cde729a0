import type { SparseTargets } from "./shards.js";

/** How much targets count; see targetWeights. */
export interface TargetWeighting {
  /** Weight of tags that the teacher did not return, whose target is 0: 1 takes that at its word, 0 leaves them out. */
  readonly unreturned: number;
  /** Weight of each tag, [tags]. */
  readonly tags?: Float32Array | undefined;
}

/** True where every target counts alike, so that weights need not be made. */
export function countsAlike({ unreturned, tags }: TargetWeighting): boolean {
  return unreturned === 1 && tags === undefined;
}

/** Weights of an image's targets: those of the tags, times that of unreturned ones where the teacher was silent. */
export function targetWeights(labels: SparseTargets, weighting: TargetWeighting, into: Float32Array): void {
  into.fill(weighting.unreturned);
  for (const [position] of labels) if (position < into.length) into[position] = 1;
  const { tags } = weighting;
  if (tags) for (let i = 0; i < into.length; i++) into[i]! *= tags[i]!;
}

/**
 * Weights of tags by how many training images have them: n^(−power), scaled to a mean of 1. A power of 1 is
 * scikit-learn's "balanced" up to that scale, 0.5 is its square root. A tag that no image has counts as one with one.
 *
 * @param counts [tags]
 */
export function balancedWeights(counts: readonly number[], power: number): Float32Array {
  const raw = counts.map((count) => Math.max(1, count) ** -power);
  const mean = raw.reduce((sum, weight) => sum + weight, 0) / raw.length;
  return Float32Array.from(raw, (weight) => weight / mean);
}
