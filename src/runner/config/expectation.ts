import { orList } from "./nearest.js";
import type { Schema } from "./validators.js";

/** What a schema allows, as the end of "expected …". */
export function expectation(schema: Schema): string {
  if (schema.const !== undefined) return show(schema.const);
  if (schema.enum) return `${schema.enum.length > 2 ? "one of " : ""}${orList(schema.enum.map(show))}`;
  const branches = schema.oneOf ?? schema.anyOf;
  if (branches) {
    const tag = schema.discriminator?.propertyName;
    if (tag === undefined) return orList([...new Set(branches.map(branchIn(branches)))]);
    return `a mapping whose ${tag} is ${orList(tagsOf(schema))}`;
  }
  switch (schema.type) {
    case "integer":
      return `a whole number${range(schema.minimum, schema.maximum, schema)}`;
    case "number":
      return `a number${range(schema.minimum, schema.maximum, schema)}`;
    case "string":
      if (schema.examples) return `text such as ${orList(schema.examples.map(show))}`;
      if (schema.pattern !== undefined) return `text of the form ${schema.pattern}`;
      if (schema.maxLength !== undefined) return `text of at most ${schema.maxLength} characters`;
      return schema.minLength ? "text that is not empty" : "text";
    case "boolean":
      return "true or false";
    case "null":
      return "null";
    case "array": {
      const items =
        schema.items && Object.keys(schema.items).length > 0 ? `, each ${expectation(schema.items)}` : "";
      const distinct = schema.uniqueItems ? " without repetitions" : "";
      return `a list${count(schema.minItems, schema.maxItems, "values")}${distinct}${items}`;
    }
    case "object":
      return `a mapping${count(schema.minProperties, schema.maxProperties, "keys")}`;
    default:
      return "another value";
  }
}

/** What a branch of a union allows: where several are mappings, they are told apart by their keys. */
function branchIn(branches: readonly Schema[]): (branch: Schema) => string {
  const several = branches.filter(({ type }) => type === "object").length > 1;
  return (branch) => {
    const keys = several ? Object.keys(branch.properties ?? {}) : [];
    return keys.length > 0 ? `a mapping of ${keys.join(", ")}` : expectation(branch);
  };
}

/** The values of a discriminated union's tag. */
export function tagsOf(schema: Schema): string[] {
  const tag = schema.discriminator?.propertyName ?? "";
  return (schema.oneOf ?? []).map((branch) => String(branch.properties?.[tag]?.const));
}

function range(minimum: number | undefined, maximum: number | undefined, schema: Schema): string {
  const { exclusiveMinimum: above, exclusiveMaximum: below } = schema;
  if (minimum !== undefined && maximum !== undefined) return ` from ${minimum} to ${maximum}`;
  const low = minimum !== undefined ? `of at least ${minimum}` : above !== undefined ? `above ${above}` : "";
  const high =
    maximum !== undefined
      ? `${low === "" ? "of " : ""}at most ${maximum}`
      : below !== undefined
        ? `below ${below}`
        : "";
  if (low === "" && high === "") return "";
  return ` ${[low, high].filter((part) => part !== "").join(" and ")}`;
}

function count(minimum: number | undefined, maximum: number | undefined, what: string): string {
  if (minimum !== undefined && minimum === maximum) {
    return ` of ${minimum} ${minimum === 1 ? what.slice(0, -1) : what}`;
  }
  if (minimum !== undefined && maximum !== undefined) return ` of ${minimum} to ${maximum} ${what}`;
  if (minimum !== undefined) return minimum === 1 ? " that is not empty" : ` of at least ${minimum} ${what}`;
  return maximum === undefined ? "" : ` of at most ${maximum} ${what}`;
}

/** What stands there, as the end of "received …". */
export function received(value: unknown): string {
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object" && value !== null) {
    const keys = Object.keys(value);
    return keys.length === 0 ? "an empty mapping" : `a mapping of ${shorten(keys.join(", "))}`;
  }
  if (value === null) return "nothing (null)";
  return typeof value === "string" ? `the text ${shorten(JSON.stringify(value))}` : show(value);
}

function show(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function shorten(text: string): string {
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}
