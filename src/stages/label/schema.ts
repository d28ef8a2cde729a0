import Type, { type Static } from "typebox";
import { GoogleVisionTeacher, HttpTeacher, maxResults } from "./schema-vision.js";

const strict = { additionalProperties: false };

export const BuiltinTeacher = Type.Object(
  {
    type: Type.Literal("builtin", {
      description: "Some forty tags measured from pixels: colours, light, texture, lines, symmetry, layout.",
    }),
  },
  { ...strict, description: "Measures tags from pixels; no key, no network." },
);
export type BuiltinTeacher = Static<typeof BuiltinTeacher>;

export const StudentTeacher = Type.Object(
  {
    type: Type.Literal("student", {
      description:
        "A model that was trained here labels: connect it as inputs: { images: …, teacher: train }, or name it in `model`.",
    }),
    model: Type.Optional(
      Type.String({
        description:
          "A model's folder (artifacts/latest/<pipeline>/train) or what pipe export wrote; a relative path starts at the pipeline file. Its content counts, not its path.",
        minLength: 1,
        pipeNeutral: true,
      }),
    ),
    max_results: maxResults,
  },
  { ...strict, description: "A trained student's labels." },
);
export type StudentTeacher = Static<typeof StudentTeacher>;

export const Params = Type.Object(
  {
    teacher: Type.Unsafe<BuiltinTeacher | GoogleVisionTeacher | HttpTeacher | StudentTeacher>({
      type: "object",
      description: "Who labels the pictures.",
      required: ["type"],
      discriminator: { propertyName: "type" },
      oneOf: [BuiltinTeacher, GoogleVisionTeacher, HttpTeacher, StudentTeacher],
    }),
  },
  { ...strict, description: "Has a teacher score tags for each picture." },
);
export type Params = Static<typeof Params>;
