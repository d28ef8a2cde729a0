import Type, { type Static } from "typebox";
import { LIKELIHOODS } from "./rules/unsafe.js";

const likelihood = (what: string) =>
  Type.Optional(
    Type.Enum([...LIKELIHOODS], { description: `Drop images that are ${what}: this likely, or more.` }),
  );

const enabled = (what: string) => Type.Boolean({ description: `Whether to ${what}.`, default: true });

export const Params = Type.Object(
  {
    unsafe: Type.Object(
      {
        adult: likelihood("of adult content"),
        spoof: likelihood("altered to be funny or offensive"),
        medical: likelihood("of medical content"),
        violence: likelihood("of violent content"),
        racy: likelihood("racy"),
      },
      {
        additionalProperties: false,
        description:
          "Images that the teacher's SafeSearch found unsafe, in any of the categories named here. Ask for it with the label stage's features.",
        default: {},
      },
    ),
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
        enabled: enabled("drop the images of tag sets that are too common"),
        max_share: Type.Number({
          description: "The share of images that one tag set may cover.",
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
        description: "Images whose labels collapsed onto one of few tag sets.",
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
    many_tags: Type.Object(
      {
        enabled: enabled("drop images with too many tags"),
        max_tags: Type.Integer({ description: "Tags an image may have.", minimum: 1, default: 100 }),
        min_score: Type.Number({
          description: "A tag counts from this score on.",
          minimum: 0,
          maximum: 1,
          default: 0.5,
        }),
      },
      { additionalProperties: false, description: "Images with more than `max_tags` tags.", default: {} },
    ),
    label_quality: Type.Object(
      {
        enabled: enabled("drop images whose labels a student's held-out predictions contradict"),
        min_quality: Type.Number({
          description:
            "Images below this label quality go: cleanlab's score for several labels an image, 0 (surely wrong) to 1.",
          minimum: 0,
          maximum: 1,
          default: 0.1,
        }),
        positive_at: Type.Number({
          description: "The teacher gave a tag from this score on.",
          minimum: 0,
          maximum: 1,
          default: 0.5,
        }),
      },
      {
        additionalProperties: false,
        description:
          "Images whose labels are likely wrong; looked for where the input `predictions` is connected.",
        default: {},
      },
    ),
  },
  {
    additionalProperties: false,
    description: "Rules that take out images and tags which would ruin a training.",
  },
);

export type Params = Static<typeof Params>;
