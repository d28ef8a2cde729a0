import Type, { type Static, type TProperties } from "typebox";

/** Keras's names: the layers and arguments that tfjs trains on every engine. */
const strict = { additionalProperties: false };

// ajv fills in no defaults within a union: what a layer leaves out is filled in by complete.ts.
const name = Type.Optional(
  Type.String({
    description: "Its name, under which its weights are found and saved. Default: as Keras counts, conv2d_1.",
    pattern: "^[A-Za-z0-9][A-Za-z0-9_.-]*$",
    maxLength: 60,
  }),
);
const ACTIVATIONS = [
  "linear",
  "relu",
  "relu6",
  "elu",
  "selu",
  "silu",
  "softplus",
  "sigmoid",
  "tanh",
] as const;
const activation = Type.Enum([...ACTIVATIONS], { description: "Keras's name of the function." });
const optionalActivation = Type.Optional(
  Type.Enum([...ACTIVATIONS], { description: "Keras's name of the function. Default: linear." }),
);
const use_bias = Type.Optional(Type.Boolean({ description: "Default: true." }));
const kernel_initializer = Type.Optional(
  Type.Enum(["glorot_uniform", "glorot_normal", "he_uniform", "he_normal"], {
    description: "How the first weights are drawn. Default: glorot_uniform.",
  }),
);
const padding = Type.Optional(Type.Enum(["valid", "same"], { description: "Default: valid." }));

function pair(description: string) {
  const side = Type.Integer({ minimum: 1, maximum: 4096 });
  return Type.Union([side, Type.Array(side, { minItems: 2, maxItems: 2 })], {
    description: `${description}; [height, width] or one number.`,
  });
}

/** A layer of Keras's with its arguments. */
function layer<N extends string, P extends TProperties>(type: N, description: string, args: P) {
  return Type.Object(
    { type: Type.Literal(type, { description }), name, ...args },
    { ...strict, description },
  );
}

const Conv2D = layer("Conv2D", "2-D convolution.", {
  filters: Type.Integer({ description: "Channels it gives.", minimum: 1 }),
  kernel_size: pair("Size of the kernel"),
  strides: Type.Optional(pair("Default: 1")),
  padding,
  activation: optionalActivation,
  use_bias,
  kernel_initializer,
});

const pool = {
  pool_size: Type.Optional(pair("Default: 2")),
  strides: Type.Optional(pair("Default: the pool's size")),
  padding,
};
const MaxPooling2D = layer("MaxPooling2D", "The largest value of each window.", pool);
const AveragePooling2D = layer("AveragePooling2D", "The mean of each window.", pool);
const GlobalMaxPooling2D = layer("GlobalMaxPooling2D", "The largest value of each channel.", {});
const GlobalAveragePooling2D = layer("GlobalAveragePooling2D", "The mean of each channel.", {});

const BatchNormalization = layer("BatchNormalization", "Normalises each channel over the batch.", {
  momentum: Type.Optional(
    Type.Number({
      description: "Share of the moving statistics that a step keeps. Default: 0.99.",
      minimum: 0,
      exclusiveMaximum: 1,
    }),
  ),
  epsilon: Type.Optional(
    Type.Number({ description: "Added to the variance. Default: 0.001.", exclusiveMinimum: 0 }),
  ),
});

const Activation = layer("Activation", "A function of each value.", { activation });

const Dense = layer("Dense", "Every unit sees every value; after Flatten or a global pooling.", {
  units: Type.Integer({ description: "Values it gives.", minimum: 1 }),
  activation: optionalActivation,
  use_bias,
  kernel_initializer,
});

const Dropout = layer("Dropout", "Sets a share of the values to 0 while training.", {
  rate: Type.Optional(
    Type.Number({
      description: "The share. Default: the stage's `dropout`.",
      minimum: 0,
      exclusiveMaximum: 1,
    }),
  ),
});

const Flatten = layer("Flatten", "Rows, columns and channels in one row.", {});

const ALL = [
  Conv2D,
  MaxPooling2D,
  AveragePooling2D,
  GlobalMaxPooling2D,
  GlobalAveragePooling2D,
  BatchNormalization,
  Activation,
  Dense,
  Dropout,
  Flatten,
] as const;

/** A layer as a pipeline file gives it, `type` and Keras's arguments. */
export type Layer = Static<(typeof ALL)[number]>;
export type Activation = (typeof ACTIVATIONS)[number];

/** A list of layers, one after the other. */
export const Layers = Type.Array(
  Type.Unsafe<Layer>({
    type: "object",
    required: ["type"],
    discriminator: { propertyName: "type" },
    oneOf: [...ALL],
  }),
  { description: "Keras layers, one after the other.", minItems: 1, maxItems: 400 },
);

const own = Type.Object({ layers: Layers }, { ...strict, description: "Hidden layers of your own." });

const usual = Type.Object(
  {
    pool: Type.Optional(
      Type.Enum(["flatten", "average", "max"], {
        description: "How the last feature maps become one row. Default: flatten (the seed's).",
      }),
    ),
    batch_norm: Type.Optional(
      Type.Boolean({ description: "Batch normalisation before the first hidden layer. Default: true." }),
    ),
    units: Type.Optional(
      Type.Array(Type.Integer({ minimum: 1 }), {
        description: "Units of each hidden layer; [] for none. Default: one layer of as many units as tags.",
        maxItems: 20,
      }),
    ),
    activation: Type.Optional(
      Type.Enum([...ACTIVATIONS], { description: "Of the hidden layers. Default: relu." }),
    ),
    dropout: Type.Optional(
      Type.Number({
        description: "After each hidden layer. Default: the stage's `dropout`.",
        minimum: 0,
        exclusiveMaximum: 1,
      }),
    ),
  },
  { ...strict, description: "The seed's head with other numbers." },
);

/** What lies between the convolutional part and the output layer. */
export type Head = Static<typeof own> | Static<typeof usual>;

export const HeadParam = Type.Union([own, usual], {
  description:
    "Layers between the convolutional part and the output, by default the seed's: Flatten, BatchNormalization, Dense of as many units as tags with relu, Dropout. {units: [512, 256], pool: average} or {layers: […]}. The output layer, a sigmoid for each tag, comes after them.",
  default: {},
  // The release that had it first: trainings of before keep their results.
  pipeSince: "0.1.0",
});
