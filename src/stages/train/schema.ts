import Type, { type Static } from "typebox";
import { HeadParam, Layers } from "../../student/layers/schema.js";
import { SIZE } from "./bytes.js";
import { LossParam } from "./loss-schema.js";
import { OptimizerParam } from "./optimizer-schema.js";
import { ScheduleParam } from "./schedule-schema.js";
import { WeightsParam } from "./weights-schema.js";

const strict = { additionalProperties: false };
/** The release that had these params first: trainings of before keep their results. */
const since = { pipeSince: "0.1.0" } as const;

const model = {
  student: Type.Union(
    [
      Type.Enum(["vgg-small", "vgg16", "vgg19"]),
      Type.Object({ layers: Layers }, { ...strict, description: "A network of your own." }),
    ],
    {
      description:
        "The convolutional part: `vgg-small` learns in a minute on one core; `vgg16` and `vgg19` are Keras's without their tops; or {layers: […]}, Keras layers of your own. `head` comes after it.",
      default: "vgg-small",
    },
  ),
  head: HeadParam,
  weights: WeightsParam,
  frozen_layers: Type.Integer({
    description:
      "The first layers, counted as Keras does with the input layer, whose weights stay as they are.",
    minimum: 0,
    default: 0,
  }),
  dropout: Type.Number({
    description: "Share of the head's hidden units that are set to 0 in each training step.",
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0.35,
  }),
  preprocess: Type.Enum(["scale255", "caffe", "tf"], {
    description:
      "How pixels become input, stored in the model: `scale255` x / 255; `caffe` BGR minus ImageNet's means, as Keras's VGG16 weights expect; `tf` -1 to 1.",
    default: "scale255",
  }),
};

const features = {
  feature_cache: Type.Object(
    {
      max_bytes: Type.Union([Type.String({ pattern: SIZE }), Type.Integer({ minimum: 0 })], {
        description: "Disk space that they may take, 500MB or 20GB; 0: none is kept.",
        default: "20GB",
        pipeNeutral: true,
      }),
      precision: Type.Enum(["float32", "float16"], {
        description:
          "What the values of frozen layers are rounded to, kept or not: `float16` takes half the space, and changes results a little.",
        default: "float32",
        ...since,
      }),
    },
    {
      ...strict,
      description:
        "Where layers are frozen and images are not augmented, what the frozen layers make of an image is computed once and read from then on, by this and later trainings, if reading is faster.",
      default: {},
    },
  ),
};

const targets = {
  loss: LossParam,
  temperature: Type.Number({
    description: "Softens the distributions of `kl` and `binary_kl`; the other losses do not use it.",
    exclusiveMinimum: 0,
    default: 2,
  }),
  unreturned: Type.Union(
    [
      Type.Enum(["zero", "ignore"]),
      Type.Object(
        {
          weight: Type.Number({
            description: "Weight of such a target beside the 1 of a returned tag.",
            minimum: 0,
          }),
        },
        { ...strict, description: "Counts as a zero of this weight." },
      ),
    ],
    {
      description:
        "What a tag means that the teacher did not return: `zero`, its score is 0 (the seed's); `ignore`, nothing; {weight: 0.1}, a zero that counts a tenth.",
      default: "zero",
      ...since,
    },
  ),
  class_weights: Type.Union(
    [
      Type.Enum(["none", "balanced", "balanced_sqrt"]),
      Type.Record(Type.String(), Type.Number({ exclusiveMinimum: 0 }), {
        description: "Weights by tag; the others have 1.",
        minProperties: 1,
      }),
    ],
    {
      description:
        "How much each tag counts in the loss: `none`, all alike; `balanced`, by one over the number of training images that have it; `balanced_sqrt`, by the root of that; or weights by tag, {cat: 2}.",
      default: "none",
      ...since,
    },
  ),
  label_smoothing: Type.Number({
    description: "Moves targets this share of the way to knowing nothing: a score to 0.5, `kl` to evenness.",
    minimum: 0,
    exclusiveMaximum: 1,
    default: 0,
    ...since,
  }),
};

const descent = {
  optimizer: OptimizerParam,
  learning_rate: Type.Number({ description: "Learning rate.", exclusiveMinimum: 0, default: 0.001 }),
  schedule: ScheduleParam,
  warmup: Type.Number({
    description:
      "Epochs, or a part of one, in which the learning rate rises to its value; the schedule has the rest.",
    minimum: 0,
    default: 0,
    ...since,
  }),
  clip_norm: Type.Optional(
    Type.Number({
      description: "Shortens the gradients of a step together to this norm where they are longer.",
      exclusiveMinimum: 0,
    }),
  ),
  epochs: Type.Integer({ description: "Passes over the training images.", minimum: 1, default: 12 }),
  samples_per_epoch: Type.Optional(
    Type.Integer({
      description: "Training images drawn anew for each epoch (the seed's: 5000); default: all of them.",
      minimum: 1,
    }),
  ),
  batch: Type.Integer({ description: "Images in a training step.", minimum: 1, default: 32 }),
};

const judgement = {
  validation: Type.Number({
    description:
      "Share of the training images that is put aside, by a hash of their ids, to judge each epoch by: `val_loss` in history.jsonl. The data set's holdout is never touched.",
    minimum: 0,
    maximum: 0.9,
    default: 0,
    ...since,
  }),
  early_stopping: Type.Optional(
    Type.Object(
      {
        patience: Type.Integer({
          description: "Epochs without an improvement after which the training ends.",
          minimum: 1,
          default: 5,
        }),
        min_delta: Type.Number({
          description: "A smaller change of the loss is no improvement.",
          minimum: 0,
          default: 0,
        }),
      },
      {
        ...strict,
        description:
          "Ends the training when the loss no longer falls, that of validation where there is one. The model is the best epoch's.",
      },
    ),
  ),
};

const augmentation = {
  flip: Type.Boolean({
    description: "Mirrors half of the images, others in each epoch.",
    default: false,
  }),
  crop: Type.Number({
    description:
      "The largest share of an image's sides that is cut off, anew in each epoch; what is left is enlarged.",
    minimum: 0,
    maximum: 0.9,
    default: 0,
    ...since,
  }),
  colour: Type.Number({
    description:
      "The largest change of brightness, contrast and saturation, anew in each epoch: 0.2 is up to a fifth.",
    minimum: 0,
    maximum: 1,
    default: 0,
    ...since,
  }),
};

export const Params = Type.Object(
  {
    ...model,
    ...features,
    ...targets,
    ...descent,
    ...judgement,
    ...augmentation,
    engine: Type.Enum(["auto", "wasm", "native"], {
      description: "What computes: `auto` takes the fastest engine that is installed.",
      default: "auto",
      pipeNeutral: true,
    }),
    snapshot_minutes: Type.Number({
      description:
        "How long an epoch goes on without a snapshot, minutes: what a killed training loses at most; 0: a snapshot after each step. There is one after each epoch in any case.",
      minimum: 0,
      default: 10,
      pipeNeutral: true,
    }),
    seed: Type.Optional(
      Type.Integer({
        description: "Seed of weights, order, dropout and augmentation; default: the pipeline's.",
        minimum: 0,
      }),
    ),
  },
  { ...strict, description: "Trains a student network on the data set's soft targets." },
);

export type Params = Static<typeof Params>;
