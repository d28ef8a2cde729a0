import Type, { type Static } from "typebox";

const strict = { additionalProperties: false };

const Constant = Type.Object(
  { type: Type.Literal("constant", { description: "The rate stays." }) },
  { ...strict, description: "The rate stays." },
);

const Cosine = Type.Object(
  { type: Type.Literal("cosine", { description: "The rate falls to 0 along a cosine." }) },
  { ...strict, description: "The rate falls to 0 along a cosine." },
);

// ajv fills in no defaults within a union: what is left out is filled in by spec.ts.
const Step = Type.Object(
  {
    type: Type.Literal("step", { description: "The rate falls by a factor every so many epochs." }),
    every: Type.Optional(
      Type.Integer({
        description: "Epochs from one fall to the next. Default: a third of `epochs`, rounded up.",
        minimum: 1,
      }),
    ),
    factor: Type.Optional(
      Type.Number({
        description: "What the rate is multiplied with. Default: 0.1.",
        exclusiveMinimum: 0,
        exclusiveMaximum: 1,
      }),
    ),
  },
  { ...strict, description: "The rate falls by a factor every so many epochs." },
);

export const ScheduleParam = Type.Union(
  [
    Type.Enum(["constant", "cosine", "step"]),
    Type.Unsafe<Static<typeof Constant> | Static<typeof Cosine> | Static<typeof Step>>({
      type: "object",
      required: ["type"],
      discriminator: { propertyName: "type" },
      oneOf: [Constant, Cosine, Step],
    }),
  ],
  {
    description:
      "`cosine` lets the learning rate fall from its value to 0 over the whole training; `step` multiplies it by 0.1 after each third of it, or as {type: step, every: 10, factor: 0.5} says.",
    default: "constant",
  },
);
