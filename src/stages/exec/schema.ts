import Type, { type Static } from "typebox";

const VARIABLE = "^[A-Za-z_][A-Za-z0-9_]*$";

export const Params = Type.Object(
  {
    command: Type.String({
      description:
        "The command, run by `sh -c` in the pipeline file's folder. Each input is a folder named by INPUT_<PORT>; files written to the folder $OUTPUT are the stage's result.",
      minLength: 1,
    }),
    deps: Type.Array(Type.String({ minLength: 1 }), {
      description:
        "Files the command reads (scripts, settings), relative to the pipeline file: a change runs it again.",
      uniqueItems: true,
      default: [],
    }),
    outputs: Type.Array(Type.String({ minLength: 1 }), {
      description:
        "Files the command must leave, as paths or globs: looked for in $OUTPUT, then in the pipeline file's folder, from where they are copied.",
      uniqueItems: true,
      default: [],
    }),
    env: Type.Array(
      Type.String({
        description: "Name of an environment variable to hand on; its value is treated as a secret.",
        pattern: VARIABLE,
        pipeSecret: true,
      }),
      {
        description:
          "Environment variables the command sees beside PATH, HOME, TMPDIR and LANG. They must be set.",
        uniqueItems: true,
        default: [],
      },
    ),
    values: Type.Record(Type.String({ pattern: VARIABLE }), Type.String(), {
      description: "Environment variables with the values given here; they are part of the fingerprint.",
      additionalProperties: false,
      default: {},
    }),
  },
  { additionalProperties: false, description: "A shell command and what it reads and leaves." },
);

export type Params = Static<typeof Params>;
