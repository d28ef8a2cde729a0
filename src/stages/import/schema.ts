import Type, { type Static } from "typebox";
import { Params as Pack } from "../pack/schema.js";

export const Params = Type.Object(
  {
    path: Type.String({
      description: "The folder of data files; a relative path starts at the pipeline file.",
      minLength: 1,
    }),
    patterns: Type.Array(Type.String({ minLength: 1 }), {
      description: "Which files, as glob patterns below the folder.",
      default: ["**/*.pkl", "**/*.pkl.gz"],
      minItems: 1,
    }),
    tags: Type.String({
      description:
        "The file that gives each tag its place in y: a JSON object (tag_index.json), a list of tags, or either as a pickle.",
      minLength: 1,
    }),
    holdout: Pack.properties.holdout,
    samples_per_shard: Pack.properties.samples_per_shard,
    shards: Pack.properties.shards,
  },
  {
    additionalProperties: false,
    description: "Takes over data files of keras-distillation, gzip(pickle((X, y))), as a data set.",
  },
);

export type Params = Static<typeof Params>;
