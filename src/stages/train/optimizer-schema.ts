import Type, { type Static } from "typebox";

const strict = { additionalProperties: false };

// ajv fills in no defaults within a union: what is left out is filled in by spec.ts.
const momentum = Type.Optional(
  Type.Number({ description: "Share of the last move that is kept.", minimum: 0, exclusiveMaximum: 1 }),
);

const Adam = Type.Object(
  { type: Type.Literal("adam", { description: "Adam." }) },
  { ...strict, description: "Adam." },
);

const AdamW = Type.Object(
  {
    type: Type.Literal("adamw", { description: "Adam with decoupled weight decay." }),
    weight_decay: Type.Optional(
      Type.Number({
        description: "Share of each weight that a step takes off, times the learning rate. Default: 0.004.",
        minimum: 0,
      }),
    ),
  },
  { ...strict, description: "Adam with decoupled weight decay." },
);

const Sgd = Type.Object(
  {
    type: Type.Literal("sgd", { description: "Stochastic gradient descent. Momentum by default: 0.9." }),
    momentum,
    nesterov: Type.Optional(Type.Boolean({ description: "Nesterov's form of momentum. Default: false." })),
  },
  { ...strict, description: "Stochastic gradient descent with momentum." },
);

const RmsProp = Type.Object(
  {
    type: Type.Literal("rmsprop", {
      description: "Gradients by their running root mean square. Momentum by default: 0.",
    }),
    rho: Type.Optional(
      Type.Number({
        description: "Share of the running mean that a step keeps. Default: 0.9.",
        minimum: 0,
        exclusiveMaximum: 1,
      }),
    ),
    momentum,
  },
  { ...strict, description: "RMSprop." },
);

type AnyOptimizer = Static<typeof Adam> | Static<typeof AdamW> | Static<typeof Sgd> | Static<typeof RmsProp>;

export const OptimizerParam = Type.Union(
  [
    Type.Enum(["adam", "adamw", "sgd", "rmsprop"]),
    Type.Unsafe<AnyOptimizer>({
      type: "object",
      required: ["type"],
      discriminator: { propertyName: "type" },
      oneOf: [Adam, AdamW, Sgd, RmsProp],
    }),
  ],
  {
    description:
      "The optimiser, with Keras's formulas: a name, or a mapping such as {type: sgd, momentum: 0.9, nesterov: true}.",
    default: "adam",
  },
);
