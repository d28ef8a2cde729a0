import Type, { type TSchema } from "typebox";
import { NAME } from "./names.js";

const strict = { additionalProperties: false } as const;
const anything = Type.Unknown();

const Stage = Type.Object(
  {
    uses: Type.String({
      description:
        "The stage kind (crawl, resize, …), or the path of your own module, relative to this file: ./my-stage.mjs",
      minLength: 1,
    }),
    inputs: Type.Optional(
      Type.Record(Type.String({ pattern: NAME }), Type.String({ minLength: 1 }), {
        ...strict,
        description:
          "Input port → the stage it takes from: `crawl` for its main output, `crawl.failures` for another",
      }),
    ),
    with: Type.Optional(
      Type.Record(Type.String(), anything, { description: "The params of the stage kind" }),
    ),
    resources: Type.Optional(
      Type.Object(
        {
          cpus: Type.Optional(
            Type.Integer({
              minimum: 1,
              maximum: 4096,
              description:
                "Cores the stage may use; left out: one for train, eval, exec and modules, all for the other kinds. The native engine takes as many threads where this is given, else all",
            }),
          ),
          memory: Type.Optional(
            Type.String({
              pattern: "^[0-9]+(\\.[0-9]+)? ?[KMGT](i?B)?$",
              examples: ["512M", "4G", "1.5 GiB"],
              description: "Memory limit of each process of the stage, in units of 1,024: 512M, 4G, 1.5 GiB",
            }),
          ),
        },
        { ...strict, description: "What the stage may use of the machine" },
      ),
    ),
    retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 100,
        default: 0,
        description: "How often a failed stage is tried again",
      }),
    ),
    timeout: Type.Optional(
      Type.Union(
        [
          Type.Number({ exclusiveMinimum: 0 }),
          Type.String({ pattern: "^[0-9]+(\\.[0-9]+)? ?(ms|s|m|h|d)$", examples: ["90s", "30m", "2h"] }),
        ],
        { description: "After this time an attempt is stopped: seconds, or 90s, 30m, 2h, 1d" },
      ),
    ),
  },
  { ...strict, description: "A step of the pipeline" },
);

const params = Type.Record(Type.String(), anything, {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the form of a reference
  description: "Values of your own, used as ${params.name} and set with -S params.name=value",
});
const seed = {
  minimum: 0,
  maximum: 4294967295,
  description: "Where all randomness starts: equal seeds give equal results",
};

const orNull = <T extends TSchema>(schema: T) => Type.Optional(Type.Union([schema, Type.Null()]));
const { inputs: _, ...others } = Stage.properties;

/** A profile's stage: any part of a stage; null takes a part away. */
export const PartialStage = Type.Object(
  {
    ...(Object.fromEntries(Object.entries(others).map(([key, schema]) => [key, orNull(schema)])) as Record<
      string,
      TSchema
    >),
    inputs: orNull(
      Type.Record(Type.String({ pattern: NAME }), Type.Union([Type.String({ minLength: 1 }), Type.Null()]), {
        ...strict,
        description: "Inputs to connect otherwise; null disconnects one",
      }),
    ),
  },
  { ...strict, description: "What the profile changes in this stage" },
);

const Profile = Type.Object(
  {
    seed: Type.Optional(Type.Integer(seed)),
    params: Type.Optional(params),
    stages: Type.Optional(
      Type.Record(Type.String({ pattern: NAME }), Type.Union([PartialStage, Type.Null()]), {
        ...strict,
        description:
          "Parts of stages laid over the pipeline's: mappings merge, lists are replaced, null removes",
      }),
    ),
  },
  { ...strict, description: "Changes that `pipe run -p <name>` lays over the pipeline" },
);

const Sweep = Type.Object(
  {
    over: Type.Record(Type.String(), Type.Array(anything, { minItems: 1 }), {
      description: "What varies: stage.param or params.name → the values to try",
    }),
    strategy: Type.Optional(Type.String({ description: "How values are combined: grid" })),
    metric: Type.Optional(Type.String({ description: "What is compared: stage.metric, such as eval.map" })),
    goal: Type.Optional(
      Type.Union([Type.Literal("maximize"), Type.Literal("minimize")], {
        description: "Whether more or less of the metric is better",
      }),
    ),
  },
  { description: "Runs of one pipeline with different values" },
);

export const PipelineFile = Type.Object(
  {
    version: Type.Literal(1, { description: "The format of this file" }),
    name: Type.String({
      pattern: "^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$",
      description: "What the pipeline is called; its newest results stand in artifacts/latest/<name>",
    }),
    extends: Type.Optional(
      Type.String({
        minLength: 1,
        description: "A pipeline file, relative to this one, that this one is laid over",
      }),
    ),
    seed: Type.Optional(Type.Integer({ ...seed, default: 0 })),
    params: Type.Optional(params),
    stages: Type.Record(Type.String({ pattern: NAME }), Stage, {
      ...strict,
      minProperties: 1,
      description: "The steps by name; their order follows from their inputs",
    }),
    profiles: Type.Optional(
      Type.Record(Type.String({ pattern: NAME }), Profile, {
        ...strict,
        description: "Named changes, applied with -p",
      }),
    ),
    sweeps: Type.Optional(
      Type.Record(Type.String({ pattern: NAME }), Sweep, {
        ...strict,
        description: "Named searches over params",
      }),
    ),
  },
  { ...strict, title: "Pipestill pipeline", description: "A pipeline: params, stages, profiles and sweeps" },
);
