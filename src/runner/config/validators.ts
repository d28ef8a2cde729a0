import type { JsonObject } from "../../core/json.js";

/** A JSON Schema, as far as it is looked at while running. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly discriminator?: { readonly propertyName: string };
  readonly default?: unknown;
  readonly title?: string;
  readonly description?: string;
  readonly examples?: readonly unknown[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly uniqueItems?: boolean;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly pipeNeutral?: boolean;
  readonly pipeListing?: boolean;
  readonly pipeSince?: string;
  readonly pipeSecret?: boolean;
}

/** An error of a generated validator (ajv's, with `verbose`). */
export interface Violation {
  readonly instancePath: string;
  readonly schemaPath: string;
  readonly keyword: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly parentSchema: Schema;
  readonly data: unknown;
}

/** Checks a value and fills in defaults. */
interface Validate {
  (data: unknown): boolean;
  errors?: readonly Violation[] | null;
}

export interface KindValidator {
  readonly validate: Validate;
  readonly schema: Schema;
}

/** What tools/schemas.ts generates from the TypeBox definitions, so that starting up compiles no schema. */
export interface Validators {
  readonly pipeline: Validate;
  readonly kinds: Readonly<Record<string, () => Promise<KindValidator>>>;
}

/** Loads the generated validators. @throws where the build has not made them. */
export async function loadValidators(): Promise<Validators> {
  return (await import(new URL("./generated/index.js", import.meta.url).href)) as Validators;
}

/** The validator of a kind; undefined for a user's module, whose params are free. */
export async function kindValidator(
  validators: Validators,
  kind: string,
): Promise<KindValidator | undefined> {
  return Object.hasOwn(validators.kinds, kind) ? validators.kinds[kind]?.() : undefined;
}

/** The branch of a union that a value belongs to: by its discriminator, else the first that fits its form. */
export function branchOf(schema: Schema, value: unknown): Schema | undefined {
  const branches = schema.oneOf ?? schema.anyOf;
  if (!branches) return schema;
  const tag = schema.discriminator?.propertyName;
  if (tag !== undefined) {
    const wanted = (value as JsonObject | null)?.[tag];
    return branches.find((branch) => branch.properties?.[tag]?.const === wanted);
  }
  return branches.find((branch) => fits(branch, value));
}

function fits(schema: Schema, value: unknown): boolean {
  if (schema.const !== undefined) return schema.const === value;
  if (schema.enum) return schema.enum.includes(value);
  if (!hasType(schema, value)) return false;
  if (!schema.properties || typeof value !== "object" || value === null) return true;
  const keys = Object.keys(value);
  const closed = schema.additionalProperties === false;
  return (
    (schema.required ?? []).every((key) => keys.includes(key)) &&
    (!closed || keys.every((key) => Object.hasOwn(schema.properties!, key)))
  );
}

/** Whether a value has (one of) the JSON types a schema names; true where it names none. */
export function hasType(schema: Schema, value: unknown): boolean {
  if (schema.type === undefined) return true;
  const types = typeof schema.type === "string" ? [schema.type] : schema.type;
  return types.some((type) => {
    switch (type) {
      case "null":
        return value === null;
      case "array":
        return Array.isArray(value);
      case "object":
        return typeof value === "object" && value !== null && !Array.isArray(value);
      case "integer":
        return Number.isInteger(value);
      default:
        return typeof value === type;
    }
  });
}
