import Type, { type Static } from "typebox";

const enabled = (what: string) => Type.Boolean({ description: `Whether to ${what}.`, default: true });

export const Params = Type.Object(
  {
    exact_duplicates: Type.Object(
      { enabled: enabled("drop all but the smallest id of the images whose bytes are equal") },
      {
        additionalProperties: false,
        description: "Images of equal bytes: the smallest id stays.",
        default: {},
      },
    ),
    near_duplicates: Type.Object(
      {
        enabled: enabled("look for near duplicates"),
        distance: Type.Integer({
          description: "Bits in which the 64-bit difference hashes of two near duplicates may differ.",
          minimum: 0,
          maximum: 8,
          default: 3,
        }),
        action: Type.Enum(["drop", "group"], {
          description:
            "`drop` keeps one image of each neighbourhood; `group` keeps all, and pack puts a group on one side of the split.",
          default: "drop",
        }),
      },
      {
        additionalProperties: false,
        description: "Images whose perceptual hashes (`dhash`) nearly agree.",
        default: {},
      },
    ),
    constant_scores: Type.Object(
      {
        enabled: enabled("drop tags of constant score from every label list"),
        max_std: Type.Number({
          description: "A tag goes when the standard deviation of its scores is below this.",
          minimum: 0,
          default: 0.001,
        }),
        min_images: Type.Integer({
          description: "Only tags carried by at least this many images are judged.",
          minimum: 2,
          default: 20,
        }),
      },
      {
        additionalProperties: false,
        description: "Tags whose score hardly changes over the images that carry them.",
        default: {},
      },
    ),
    collapsed: Type.Object(
      {
        enabled: enabled("drop images whose tag set is the most common one, when that is too common"),
        max_share: Type.Number({
          description: "The share of images that the most common tag set may cover.",
          exclusiveMinimum: 0,
          maximum: 1,
          default: 0.1,
        }),
        min_images: Type.Integer({
          description: "Fewer images of one tag set than this are no collapse.",
          minimum: 2,
          default: 20,
        }),
        min_score: Type.Number({
          description: "A tag counts as part of an image's tag set from this score on.",
          minimum: 0,
          maximum: 1,
          default: 0.5,
        }),
      },
      {
        additionalProperties: false,
        description: "Images whose labels collapsed onto the one most common tag set.",
        default: {},
      },
    ),
    few_tags: Type.Object(
      {
        enabled: enabled("drop images with too few tags"),
        min_tags: Type.Integer({ description: "Tags an image needs.", minimum: 1, default: 1 }),
        min_score: Type.Number({
          description: "A tag counts from this score on.",
          minimum: 0,
          maximum: 1,
          default: 0.5,
        }),
      },
      { additionalProperties: false, description: "Images with fewer than `min_tags` tags.", default: {} },
    ),
  },
  {
    additionalProperties: false,
    description: "Rules that take out images and tags which would ruin a training.",
  },
);

export type Params = Static<typeof Params>;
