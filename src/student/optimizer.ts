import type * as tf from "@tensorflow/tfjs-core";
import { Adam } from "./adam.js";
import type { NamedWeight } from "./network.js";
import { RmsProp } from "./rmsprop.js";
import { Sgd } from "./sgd.js";

/** Gradients by variable name, as tf.variableGrads gives them. */
export type Gradients = Readonly<Record<string, tf.Tensor>>;

/** Numbers that an optimiser keeps beside its slots. Snapshots store them as they are. */
export type OptimizerState = Readonly<Record<string, number>>;

/** Takes steps down gradients. Slots and state together are all it remembers: with them, a training goes on exactly. */
export interface Optimizer {
  state: OptimizerState;
  /** Tensors kept for each weight, `<weight>/<slot>`. */
  slots(): readonly { readonly name: string; readonly value: tf.Variable }[];
  apply(gradients: Gradients, learningRate: number): void;
  dispose(): void;
}

/** An optimiser by its name and constants; formulas and defaults are Keras's. */
export type OptimizerSpec =
  | { readonly type: "adam" }
  | { readonly type: "adamw"; readonly weightDecay: number }
  | { readonly type: "sgd"; readonly momentum: number; readonly nesterov: boolean }
  | { readonly type: "rmsprop"; readonly rho: number; readonly momentum: number };

/** An optimiser of the weights, which stay the caller's. */
export function optimizerOf(spec: OptimizerSpec, weights: readonly NamedWeight[]): Optimizer {
  switch (spec.type) {
    case "adam":
      return new Adam(weights);
    case "adamw":
      return new Adam(weights, spec.weightDecay);
    case "sgd":
      return new Sgd(weights, spec);
    case "rmsprop":
      return new RmsProp(weights, spec);
  }
}
