import Type, { type Static } from "typebox";

export const Params = Type.Object(
  {
    holdout: Type.Object(
      {
        share: Type.Optional(
          Type.Number({
            description: "Share of the groups held out, by a threshold on their hash: new images move none.",
            minimum: 0,
            exclusiveMaximum: 1,
          }),
        ),
        count: Type.Optional(
          Type.Integer({
            description:
              "Images held out: the groups of smallest hash until there are this many. Exact, but new images may move others across the split.",
            minimum: 0,
          }),
        ),
      },
      {
        additionalProperties: false,
        description: "What is kept from training to judge the student: `share` or `count`.",
        maxProperties: 1,
        minProperties: 1,
        default: { share: 0.2 },
      },
    ),
    samples_per_shard: Type.Integer({
      description: "Samples a shard holds at most on average; the number of shards is a power of two.",
      minimum: 1,
      default: 1000,
    }),
    shards: Type.Optional(
      Type.Integer({
        description: "A fixed number of shards for each side of the split, instead of `samples_per_shard`.",
        minimum: 1,
        maximum: 99999,
      }),
    ),
  },
  { additionalProperties: false, description: "How the data set is split and cut into shards." },
);

export type Params = Static<typeof Params>;
