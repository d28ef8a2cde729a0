import Type, { type Static } from "typebox";

export const Params = Type.Object(
  {
    student: Type.Enum(["vgg-small", "vgg16"], {
      description:
        "The network: `vgg-small` learns in a minute on one core; `vgg16` is Keras's VGG16 without its top. Both end in the same head.",
      default: "vgg-small",
    }),
    weights: Type.Enum(["none", "imagenet"], {
      description: "Initial weights of the convolutional part: `none` draws them from the seed.",
      default: "none",
    }),
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
    loss: Type.Enum(["bce", "kl"], {
      description:
        "`bce`: binary cross-entropy per tag, scores stay calibrated. `kl`: Kullback-Leibler divergence of softmax distributions over tags, which ranks the tags of an image.",
      default: "bce",
    }),
    temperature: Type.Number({
      description: "Softens both distributions of `kl`; `bce` does not use it.",
      exclusiveMinimum: 0,
      default: 2,
    }),
    optimizer: Type.Enum(["adam"], { description: "The optimiser.", default: "adam" }),
    learning_rate: Type.Number({ description: "Learning rate.", exclusiveMinimum: 0, default: 0.001 }),
    schedule: Type.Enum(["constant", "cosine"], {
      description: "`cosine` lets the learning rate fall from its value to 0 over the whole training.",
      default: "constant",
    }),
    epochs: Type.Integer({ description: "Passes over the training images.", minimum: 1, default: 12 }),
    batch: Type.Integer({ description: "Images in a training step.", minimum: 1, default: 32 }),
    preprocess: Type.Enum(["scale255", "caffe", "tf"], {
      description:
        "How pixels become input, stored in the model: `scale255` x / 255; `caffe` BGR minus ImageNet's means, as Keras's VGG16 weights expect; `tf` -1 to 1.",
      default: "scale255",
    }),
    flip: Type.Boolean({
      description: "Mirrors half of the images, others in each epoch.",
      default: false,
    }),
    engine: Type.Enum(["auto", "wasm", "native"], {
      description: "What computes: `auto` takes the fastest engine that is installed.",
      default: "auto",
      pipeNeutral: true,
    }),
    seed: Type.Optional(
      Type.Integer({
        description: "Seed of weights, order, dropout and mirroring; default: the pipeline's.",
        minimum: 0,
      }),
    ),
  },
  { additionalProperties: false, description: "Trains a student network on the data set's soft targets." },
);

export type Params = Static<typeof Params>;
