import Type, { type Static } from "typebox";

const strict = { additionalProperties: false };

// ajv fills in no defaults within a union: what a term leaves out is filled in by spec.ts.
const weight = Type.Optional(
  Type.Number({ description: "The term's weight in the sum; default: 1.", exclusiveMinimum: 0 }),
);
const temperature = Type.Optional(
  Type.Number({ description: "Default: the stage's `temperature`.", exclusiveMinimum: 0 }),
);

const Bce = Type.Object(
  {
    type: Type.Literal("bce", { description: "Binary cross-entropy of each tag: the seed's." }),
    weight,
  },
  { ...strict, description: "Binary cross-entropy of each tag." },
);

const Kl = Type.Object(
  {
    type: Type.Literal("kl", {
      description: "Kullback-Leibler divergence of softmax distributions over the tags.",
    }),
    weight,
    temperature,
    inverse: Type.Optional(
      Type.Enum(["sigmoid", "softmax"], {
        description:
          "How the teacher's logits are found: `sigmoid` log(s / (1 - s)), each score by itself; `softmax` log(s), the scores of an image as one distribution. Default: sigmoid.",
      }),
    ),
  },
  { ...strict, description: "Divergence of distributions over the tags." },
);

const BinaryKl = Type.Object(
  {
    type: Type.Literal("binary_kl", {
      description:
        "Kullback-Leibler divergence of each tag, present or absent (L2D, with weight 10 beside bce).",
    }),
    weight,
    temperature,
  },
  { ...strict, description: "Divergence of each tag by itself." },
);

const Focal = Type.Object(
  {
    type: Type.Literal("focal", {
      description: "Binary cross-entropy that counts little where the student is right already.",
    }),
    weight,
    gamma: Type.Optional(
      Type.Number({ description: "How much less: the power of the error. Default: 2.", minimum: 0 }),
    ),
  },
  { ...strict, description: "Focal loss of each tag." },
);

type AnyTerm = Static<typeof Bce> | Static<typeof Kl> | Static<typeof BinaryKl> | Static<typeof Focal>;

const Term = Type.Unsafe<AnyTerm>({
  type: "object",
  required: ["type"],
  discriminator: { propertyName: "type" },
  oneOf: [Bce, Kl, BinaryKl, Focal],
});

export const LossParam = Type.Union(
  [Type.Enum(["bce", "kl", "binary_kl", "focal"]), Type.Array(Term, { minItems: 1 })],
  {
    description:
      "`bce`: binary cross-entropy per tag, scores stay calibrated. `kl`: Kullback-Leibler divergence of softmax distributions over tags, which ranks the tags of an image. `binary_kl`: divergence per tag. `focal`: bce that turns to what is still wrong. Or a list of terms, whose weighted sum it is: [{type: bce, weight: 0.5}, {type: kl, temperature: 3, weight: 0.5}].",
    default: "bce",
  },
);
