import Type, { type Static } from "typebox";

const sha256 = Type.String({ pattern: "^[0-9a-f]{64}$", description: "sha256, lower-case hexadecimal" });
const strict = { additionalProperties: false } as const;

export const ItemCounts = Type.Object(
  {
    total: Type.Integer({ description: "Items the stage stands for" }),
    processed: Type.Integer({ description: "Items worked on in this run" }),
    reused: Type.Integer({ description: "Items taken from the item cache" }),
    failed: Type.Integer({ description: "Items set aside; they stand in the port `failures`" }),
  },
  strict,
);

const Artifact = Type.Object(
  {
    hash: sha256,
    path: Type.String({ description: "Where to open it, relative to the store's parent folder" }),
    bytes: Type.Integer(),
    rows: Type.Optional(Type.Integer({ description: "Rows of its main table" })),
  },
  strict,
);

const Failure = Type.Object(
  {
    message: Type.String(),
    hint: Type.Optional(Type.String()),
    log: Type.Optional(Type.String({ description: "Path of the stage's log" })),
    rerun: Type.Optional(Type.String({ description: "The command that reruns the stage" })),
  },
  strict,
);

export const StageRecord = Type.Object(
  {
    name: Type.String(),
    kind: Type.String(),
    status: Type.Union([
      Type.Literal("ran"),
      Type.Literal("cached"),
      Type.Literal("failed"),
      Type.Literal("skipped"),
      Type.Literal("interrupted"),
    ]),
    reason: Type.String({ description: "Why it ran, was reused or was skipped, in one sentence" }),
    fingerprint: Type.Union([sha256, Type.Null()]),
    durationMs: Type.Number(),
    attempts: Type.Integer(),
    items: Type.Union([ItemCounts, Type.Null()]),
    inputs: Type.Record(Type.String(), sha256),
    outputs: Type.Record(Type.String(), Artifact),
    metrics: Type.Record(Type.String(), Type.Unknown()),
    usage: Type.Optional(
      Type.Record(Type.String(), Type.Number(), {
        description: "Figures of this run of it that are no part of its result: images_per_second",
      }),
    ),
    notes: Type.Array(Type.String()),
    failure: Type.Optional(Failure),
  },
  strict,
);

/** One invocation of `pipe run`: artifacts/runs/<runId>/record.json, and what `pipe run --json` prints. */
export const RunRecord = Type.Object(
  {
    runId: Type.String(),
    pipeline: Type.String(),
    file: Type.String(),
    status: Type.Union([
      Type.Literal("running"),
      Type.Literal("succeeded"),
      Type.Literal("failed"),
      Type.Literal("interrupted"),
      Type.Literal("crashed"),
    ]),
    startedAt: Type.String({ description: "ISO 8601, UTC" }),
    durationMs: Type.Number(),
    params: Type.Record(Type.String(), Type.Unknown()),
    profiles: Type.Array(Type.String()),
    overrides: Type.Array(Type.String()),
    git: Type.Union([
      Type.Null(),
      Type.Object({ commit: Type.String(), branch: Type.String(), dirty: Type.Boolean() }, strict),
    ]),
    machine: Type.Object(
      { platform: Type.String(), cpus: Type.Integer(), memoryBytes: Type.Integer(), node: Type.String() },
      strict,
    ),
    engine: Type.String({ description: "The tensor engine that stages of this run resolve to" }),
    stages: Type.Array(StageRecord),
  },
  { ...strict, $id: "run-record", title: "Pipestill run record" },
);

export type RunRecord = Static<typeof RunRecord>;
export type StageRecord = Static<typeof StageRecord>;
export type ItemCounts = Static<typeof ItemCounts>;
