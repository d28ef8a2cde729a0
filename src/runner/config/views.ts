import { isDeepStrictEqual } from "node:util";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.js";
import type { StageParams } from "./pipeline.js";
import { branchOf, type Schema } from "./validators.js";

/** The views of a stage's params that the cache needs; see ParamKeywords. */
export function paramViews(params: JsonObject, schema: Schema | undefined): StageParams {
  if (!schema) return { all: params, keyed: params, perItem: params };
  const inKey = (property: Schema, value: Json) =>
    !property.pipeNeutral &&
    !(property.pipeSince !== undefined && isDeepStrictEqual(value, property.default));
  return {
    all: params,
    keyed: keep(params, schema, inKey) as JsonObject,
    perItem: keep(
      params,
      schema,
      (property, value) => inKey(property, value) && !property.pipeListing,
    ) as JsonObject,
  };
}

/** The values of `pipeSecret` params: names of environment variables, sorted, each once. */
export function secretNames(params: JsonObject, schema: Schema | undefined): readonly string[] {
  const names = new Set<string>();
  const visit = (value: Json, at: Schema | undefined): void => {
    const branch = at && branchOf(at, value);
    if (at?.pipeSecret || branch?.pipeSecret) {
      if (typeof value === "string") names.add(value);
    }
    if (!branch) return;
    if (Array.isArray(value)) for (const item of value) visit(item, branch.items);
    else if (isJsonObject(value)) {
      for (const [key, member] of Object.entries(value)) visit(member, propertySchema(branch, key));
    }
  };
  visit(params, schema);
  return [...names].sort();
}

/** A copy with only the properties, at any depth, that pass. */
function keep(
  value: Json,
  schema: Schema | undefined,
  pass: (property: Schema, value: Json) => boolean,
): Json {
  const branch = schema && branchOf(schema, value);
  if (!branch) return value;
  if (Array.isArray(value)) return value.map((item) => keep(item, branch.items, pass));
  if (!isJsonObject(value)) return value;
  const kept: Record<string, Json> = {};
  for (const [key, member] of Object.entries(value)) {
    const property = propertySchema(branch, key);
    if (property !== undefined && !pass(property, member)) continue;
    const rest = keep(member, property, pass);
    // An object of which nothing counts does not count either, as where it was not known yet.
    if (!isEmpty(rest) || isEmpty(member)) kept[key] = rest;
  }
  return kept;
}

function isEmpty(value: Json): boolean {
  return isJsonObject(value) && Object.keys(value).length === 0;
}

function propertySchema(schema: Schema, key: string): Schema | undefined {
  if (schema.properties && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  for (const [pattern, property] of Object.entries(schema.patternProperties ?? {})) {
    if (new RegExp(pattern, "u").test(key)) return property;
  }
  return typeof schema.additionalProperties === "object" ? schema.additionalProperties : undefined;
}
