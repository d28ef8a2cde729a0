import Type, { type Static } from "typebox";

export const Params = Type.Object(
  {
    engine: Type.Enum(["auto", "wasm", "native"], {
      description: "The tensor engine that runs the student; `auto` takes the fastest that is installed.",
      default: "auto",
      pipeNeutral: true,
    }),
    positive_at: Type.Number({
      description: "A tag counts as present on an image from this teacher's score on.",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.5,
    }),
    min_positives: Type.Integer({
      description: "Macro mAP and macro F1 are over tags with at least this many held-out positives.",
      minimum: 1,
      default: 10,
    }),
    max_prevalence: Type.Number({
      description:
        "Macro mAP and macro F1 leave out tags present on more than this share of held-out images.",
      exclusiveMinimum: 0,
      maximum: 1,
      default: 0.5,
    }),
    threshold_sample: Type.Integer({
      description:
        "Training images on which the F1 threshold is chosen (the best micro F1); 0 takes the threshold 0.5.",
      minimum: 0,
      default: 500,
    }),
  },
  {
    additionalProperties: false,
    description:
      "Measures the student on the held-out split against the teacher's scores, beside a baseline.",
  },
);

export type Params = Static<typeof Params>;
