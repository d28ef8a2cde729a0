import type { NetworkShape } from "../../student/architectures.js";
import type { LossSpec, LossTerm } from "../../student/losses.js";
import type { OptimizerSpec } from "../../student/optimizer.js";
import type { Schedule } from "../../student/schedule.js";
import type { TargetWeighting } from "../../student/targets.js";
import type { TrainSpec } from "../../student/train-spec.js";
import type { Params } from "./schema.js";

/** What the params leave to the data set. */
export interface DataFacts {
  readonly seed: number;
  /** Training images that are not put aside. */
  readonly samples: number;
  /** Weights of tags, where they differ. */
  readonly tagWeights: Float32Array | undefined;
}

/** The network that params describe; the seed's head goes without saying. */
export function networkShape({ student, head }: Pick<Params, "student" | "head">): NetworkShape {
  return {
    ...(typeof student === "string" ? { architecture: student } : { architecture: "layers", ...student }),
    ...(Object.keys(head).length === 0 ? {} : { head }),
  };
}

/** The training that params describe. */
export function trainSpec(params: Params, { seed, samples, tagWeights }: DataFacts): TrainSpec {
  const { epochs, batch, clip_norm, early_stopping, flip, crop, colour } = params;
  const drawn = Math.min(samples, params.samples_per_epoch ?? samples);
  return {
    epochs,
    batch,
    seed,
    samples: drawn,
    loss: lossSpec(params),
    weighting: { unreturned: unreturnedWeight(params.unreturned), tags: tagWeights },
    optimizer: optimizerSpec(params.optimizer),
    rate: {
      base: params.learning_rate,
      schedule: scheduleSpec(params),
      warmup: params.warmup,
      epochs,
      stepsPerEpoch: Math.ceil(drawn / batch),
    },
    clipNorm: clip_norm,
    augmentation: { flip, crop, colour },
    validate: params.validation > 0,
    earlyStopping: early_stopping && {
      patience: early_stopping.patience,
      minDelta: early_stopping.min_delta,
    },
  };
}

type GivenTerm = Exclude<Params["loss"], string>[number];

/** The loss that params describe. */
export function lossSpec(params: Pick<Params, "loss" | "temperature" | "label_smoothing">): LossSpec {
  const given: readonly GivenTerm[] = typeof params.loss === "string" ? [{ type: params.loss }] : params.loss;
  return {
    terms: given.map((term) => lossTerm(term, params.temperature)),
    smoothing: params.label_smoothing,
  };
}

function lossTerm(term: GivenTerm, standard: number): LossTerm {
  const { weight = 1 } = term;
  switch (term.type) {
    case "bce":
      return { type: "bce", weight };
    case "kl": {
      const { temperature = standard, inverse = "sigmoid" } = term;
      return { type: "kl", weight, temperature, inverse };
    }
    case "binary_kl":
      return { type: "binary_kl", weight, temperature: term.temperature ?? standard };
    case "focal":
      return { type: "focal", weight, gamma: term.gamma ?? 2 };
  }
}

/** Weight of the target of a tag that the teacher did not return. */
export function unreturnedWeight(unreturned: Params["unreturned"]): TargetWeighting["unreturned"] {
  if (typeof unreturned === "object") return unreturned.weight;
  return unreturned === "zero" ? 1 : 0;
}

/** The optimiser that a param describes. */
export function optimizerSpec(param: Params["optimizer"]): OptimizerSpec {
  const given: Exclude<typeof param, string> = typeof param === "string" ? { type: param } : param;
  switch (given.type) {
    case "adam":
      return { type: "adam" };
    case "adamw":
      return { type: "adamw", weightDecay: given.weight_decay ?? 0.004 };
    case "sgd":
      return { type: "sgd", momentum: given.momentum ?? 0.9, nesterov: given.nesterov ?? false };
    case "rmsprop":
      return { type: "rmsprop", rho: given.rho ?? 0.9, momentum: given.momentum ?? 0 };
  }
}

/** The schedule that params describe. */
export function scheduleSpec({ schedule, epochs }: Pick<Params, "schedule" | "epochs">): Schedule {
  const given: Exclude<typeof schedule, string> =
    typeof schedule === "string" ? { type: schedule } : schedule;
  if (given.type !== "step") return { type: given.type };
  return { type: "step", every: given.every ?? Math.ceil(epochs / 3), factor: given.factor ?? 0.1 };
}
