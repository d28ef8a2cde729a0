import * as tf from "@tensorflow/tfjs-core";
import { bce } from "./loss-terms/bce.js";
import { binaryKl } from "./loss-terms/binary-kl.js";
import { focal } from "./loss-terms/focal.js";
import { type Inverse, kl } from "./loss-terms/kl.js";
import type { Term, TermResult } from "./loss-terms/term.js";

/** A term of a loss; its formula is in the file of that name in loss-terms/. */
export type LossTerm = { readonly weight: number } & (
  | { readonly type: "bce" }
  | { readonly type: "kl"; readonly temperature: number; readonly inverse: Inverse }
  | { readonly type: "binary_kl"; readonly temperature: number }
  | { readonly type: "focal"; readonly gamma: number }
);

/** A weighted sum of terms. */
export interface LossSpec {
  readonly terms: readonly LossTerm[];
  /** ε of label smoothing. */
  readonly smoothing: number;
}

/**
 * Mean over a batch of a loss between logits and the teacher's scores, both [batch, tags].
 *
 * @param weights how much each score counts, [batch, tags], some of every image above 0; all alike where absent
 */
export type Loss = (logits: tf.Tensor2D, scores: tf.Tensor2D, weights?: tf.Tensor2D) => tf.Scalar;

/** The loss that a spec describes, differentiable by the logits alone. */
export function lossOf({ terms, smoothing }: LossSpec): Loss {
  const weighted = terms.map((term) => ({ term: termOf(term), weight: term.weight }));
  return (logits, scores, weights) => {
    const f = tf.customGrad((...args) => {
      const [z, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
      const parts = weighted.map(({ term, weight }) =>
        scaled(term(z, { scores, weights, smoothing }), weight),
      );
      const { value, gradient } = parts.reduce((a, b) => ({
        value: tf.add(a.value, b.value),
        gradient: tf.add(a.gradient, b.gradient),
      }));
      save([gradient]);
      return { value, gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => tf.mul(saved[0]!, dy) };
    });
    return f(logits) as tf.Scalar;
  };
}

function termOf(term: LossTerm): Term {
  switch (term.type) {
    case "bce":
      return bce;
    case "kl":
      return kl(term.temperature, term.inverse);
    case "binary_kl":
      return binaryKl(term.temperature);
    case "focal":
      return focal(term.gamma);
  }
}

function scaled({ value, gradient }: TermResult, weight: number): TermResult {
  if (weight === 1) return { value, gradient };
  return { value: tf.mul(value, weight), gradient: tf.mul(gradient, weight) };
}

/** What people call a loss: "bce", "0.5 bce + 0.5 kl". */
export function describeLoss({ terms }: LossSpec): string {
  return terms.map(({ type, weight }) => (weight === 1 ? type : `${weight} ${type}`)).join(" + ");
}

/** True where scores only rank the tags of an image: no term fixes the constant that a softmax leaves open. */
export function onlyRanks({ terms }: LossSpec): boolean {
  return terms.every(({ type }) => type === "kl");
}

/** The seed's loss. */
export const binaryCrossEntropy: Loss = lossOf({ terms: [{ type: "bce", weight: 1 }], smoothing: 0 });
