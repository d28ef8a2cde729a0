import Type, { type Static } from "typebox";
import { GoogleVisionTeacher, HttpTeacher } from "./schema-vision.js";

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

export const Params = Type.Object(
  {
    teacher: Type.Unsafe<BuiltinTeacher | GoogleVisionTeacher | HttpTeacher>({
      type: "object",
      description: "Who labels the pictures.",
      required: ["type"],
      discriminator: { propertyName: "type" },
      oneOf: [BuiltinTeacher, GoogleVisionTeacher, HttpTeacher],
    }),
  },
  { ...strict, description: "Has a teacher score tags for each picture." },
);
export type Params = Static<typeof Params>;
