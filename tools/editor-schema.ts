import type { Kind } from "../src/contract/kind.js";
import type { Schema } from "../src/runner/config/validators.js";
import { mapSchema } from "./validators.js";

const DRAFT = "http://json-schema.org/draft-07/schema#";
/** A reference to a param as the whole value, or within text: its type is known only after interpolation. */
const REFERENCE = { type: "string", pattern: "\\$\\{params\\.[^}]+\\}" };

type Draft = Record<string, unknown>;

export interface EditorParts {
  readonly pipeline: Schema;
  readonly partialStage: Schema;
  readonly kinds: ReadonlyMap<string, Kind>;
  readonly params: ReadonlyMap<string, Schema>;
}

/**
 * The JSON Schema (draft 07) of pipeline files for editors: every key with its description, each stage's `with` and
 * `inputs` by its `uses`, and `${params.x}` wherever a value stands.
 */
export function editorSchema(parts: EditorParts): Draft {
  const { pipeline, params } = parts;
  const { seed, stages, profiles, ...others } = pipeline.properties!;
  const definitions: Draft = {
    reference: REFERENCE,
    stage: stageSchema(parts),
    change: forEditor(parts.partialStage),
  };
  for (const [name, schema] of params) definitions[`with-${name}`] = forEditor(schema);
  return {
    $schema: DRAFT,
    title: pipeline.title,
    description: pipeline.description,
    type: "object",
    properties: {
      ...others,
      seed: openToReferences(seed!),
      stages: { ...stages, patternProperties: mapValues(stages!.patternProperties!, () => ref("stage")) },
      profiles: { ...profiles, patternProperties: mapValues(profiles!.patternProperties!, profileSchema) },
    },
    additionalProperties: false,
    // A file that extends another may leave the rest to it.
    required: ["version"],
    anyOf: [{ required: ["name", "stages"] }, { required: ["extends"] }],
    definitions,
  };
}

function profileSchema(profile: Schema): Draft {
  const { stages, ...others } = profile.properties!;
  // A changed stage's kind is known only to the pipeline: its `with` is free.
  const change = () => ({ anyOf: [ref("change"), { type: "null" }] });
  return {
    ...profile,
    properties: {
      ...others,
      stages: { ...stages, patternProperties: mapValues(stages!.patternProperties!, change) },
    },
  };
}

/** The JSON Schema of one kind's params as they are after interpolation. */
export function kindSchema(kind: Kind, params: Schema): Draft {
  return { $schema: DRAFT, title: `with: of ${kind.name}`, ...withoutRequiredDefaults(params) };
}

function stageSchema(parts: EditorParts): Draft {
  const own = Object.values(parts.pipeline.properties!.stages!.patternProperties!)[0]!;
  const kinds = [...parts.kinds.values()];
  const { uses, inputs, with: free } = own.properties!;
  const base = forEditor(own);
  const properties = {
    ...(base.properties as Draft),
    uses: {
      description: uses!.description,
      anyOf: [
        ...kinds.map((kind) => ({ const: kind.name, description: kind.summary })),
        { type: "string", pattern: "^\\.{0,2}/", description: "Your own module" },
      ],
    },
    inputs,
    with: free,
  };
  const branches = kinds.map((kind) => ({
    if: { required: ["uses"], properties: { uses: { const: kind.name } } },
    // biome-ignore lint/suspicious/noThenProperty: a word of JSON Schema
    then: {
      properties: { with: ref(`with-${kind.name}`), inputs: inputsSchema(kind) },
      ...(required(kind).length > 0 ? { required: required(kind) } : {}),
    },
  }));
  return { ...base, properties, allOf: branches };

  function required(kind: Kind): string[] {
    const needsParams =
      (withoutRequiredDefaults(parts.params.get(kind.name) ?? {}).required ?? []).length > 0;
    const needsInputs = Object.values(kind.inputs).some((input) => !input.optional);
    return [...(needsInputs ? ["inputs"] : []), ...(needsParams ? ["with"] : [])];
  }
}

function inputsSchema(kind: Kind): Draft {
  const properties = mapValues(kind.inputs, (input) => ({ type: "string", description: input.summary }));
  const required = Object.entries(kind.inputs).flatMap(([port, input]) => (input.optional ? [] : [port]));
  return {
    type: "object",
    properties,
    ...(required.length > 0 ? { required } : {}),
    additionalProperties: kind.anyInputs ? { type: "string" } : false,
  };
}

/** Lets references stand where something else than free text is expected, and requires nothing that has a default. */
function forEditor(schema: Schema): Draft {
  const opened = mapSchema(schema, (node) => {
    const open = (property: Schema) => openToReferences(property);
    return {
      ...withoutRequiredDefaults(node),
      ...(node.properties && { properties: mapValues(node.properties, open) }),
      ...(node.items && { items: open(node.items) }),
    } as Schema;
  });
  return opened as Draft;
}

function openToReferences(schema: Schema): Schema {
  const { type, pattern, enum: choices, const: only, anyOf } = schema;
  const free = type === undefined && !choices && only === undefined && !anyOf && !schema.oneOf;
  const text = type === "string" && pattern === undefined && !choices && only === undefined;
  // A discriminator stays as it is: editors choose the branch by it.
  if (free || text || only !== undefined) return schema;
  const { description, default: standard, ...rest } = schema;
  return {
    ...(description === undefined ? {} : { description }),
    ...(standard === undefined ? {} : { default: standard }),
    anyOf: [
      ...(Object.keys(rest).length === 1 && rest.anyOf ? rest.anyOf : [rest]),
      ref("reference") as Schema,
    ],
  };
}

function withoutRequiredDefaults(schema: Schema): Schema {
  const { required, ...rest } = schema;
  const left = (required ?? []).filter((key) => schema.properties?.[key]?.default === undefined);
  return left.length > 0 ? { ...rest, required: left } : rest;
}

function ref(definition: string): Draft {
  return { $ref: `#/definitions/${definition}` };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
