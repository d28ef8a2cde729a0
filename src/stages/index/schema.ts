import Type, { type Static } from "typebox";

export const Params = Type.Object(
  {
    top: Type.Integer({
      description:
        "How many tags at most: the most frequent, ties by name in code-unit order. Their output units follow from the tags alone; a new tag moves few others.",
      minimum: 1,
      default: 5000,
    }),
    min_count: Type.Integer({
      description: "Images that must carry a tag for it to be chosen.",
      minimum: 1,
      default: 1,
    }),
    min_score: Type.Number({
      description: "An image carries a tag from this score on.",
      minimum: 0,
      maximum: 1,
      default: 0,
    }),
    tags: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        description:
          "A fixed list of tags in the order of the network's outputs; `top` and `min_count` do not apply.",
        minItems: 1,
        uniqueItems: true,
      }),
    ),
    tags_file: Type.Optional(
      Type.String({
        description:
          "A file with the fixed list: one tag a line, or a JSON array of strings (.json, as in a dataset's tags.json). Its content decides, not its name.",
        minLength: 1,
        pipeNeutral: true,
      }),
    ),
  },
  {
    additionalProperties: false,
    description: "Which tags the student learns, and at which output unit each stands.",
  },
);

export type Params = Static<typeof Params>;
