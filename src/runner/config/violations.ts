import { expectation, received, tagsOf } from "./expectation.js";
import { NAME, NAME_RULE } from "./names.js";
import { didYouMean, orList, suggest } from "./nearest.js";
import type { ConfigProblem } from "./pipeline.js";
import { problemAt } from "./source.js";
import { child, placeOf, type Value } from "./tree.js";
import { hasType, type Schema, type Violation } from "./validators.js";

/** Nobody mends more at a time, and narrowing unions compares each with each. */
const MAX_VIOLATIONS = 1000;

export interface Checked {
  /** The value that was checked, with places. */
  readonly value: Value;
  /** What people call it: "" for the whole file, "train" for a stage's `with`. */
  readonly name: string;
  /** A phrase for it as the owner of keys: "the pipeline", "stage train (train)". */
  readonly owner: string;
}

/** A validator's errors as problems: one for each place, unions narrowed to the branch that was meant. */
export function explainViolations(violations: readonly Violation[], checked: Checked): ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>();
  for (const violation of narrowUnions(violations.slice(0, MAX_VIOLATIONS))) {
    const path = pointerPath(violation.instancePath);
    if (isBroken(checked.value, path)) continue;
    const { key, problem } = explain(violation, path, checked);
    if (!problems.has(key)) problems.set(key, problem);
  }
  return [...problems.values()];
}

function explain(
  violation: Violation,
  path: readonly string[],
  checked: Checked,
): { readonly key: string; readonly problem: ConfigProblem } {
  const { parentSchema, params, data, keyword } = violation;
  const name = [checked.name, ...path].filter((word) => word !== "").join(".");
  const owner = path.length === 0 ? checked.owner : name;
  switch (keyword) {
    case "additionalProperties": {
      const unknown = String(params.additionalProperty);
      const names = Object.keys(parentSchema.properties ?? {});
      const patterns = Object.keys(parentSchema.patternProperties ?? {});
      const hint = suggest(unknown, names, "known:") ?? nameRule(patterns);
      const problem = problemAt(
        placeOf(checked.value, [...path, unknown]),
        names.length === 0 && patterns.length > 0
          ? `"${unknown}" is no name that can stand in ${owner}`
          : `${owner} has no key "${unknown}"`,
        hint,
      );
      return { key: `${violation.instancePath}/${unknown} unknown`, problem };
    }
    case "required": {
      const missing = String(params.missingProperty);
      const wanted = parentSchema.properties?.[missing];
      const summary = wanted?.description?.replace(/\.$/, "");
      const problem = problemAt(
        placeOf(checked.value, path),
        `${owner} lacks "${missing}"`,
        wanted && `expected ${expectation(wanted)}${summary ? `: ${lowerFirst(summary)}` : ""}`,
      );
      return { key: `${violation.instancePath}/${missing} missing`, problem };
    }
    case "discriminator": {
      const tag = String(params.tag);
      const tags = tagsOf(parentSchema);
      const given = params.tagValue;
      if (given === undefined) {
        const message = `${owner} lacks "${tag}": expected ${orList(tags)}`;
        return {
          key: `${violation.instancePath} tag`,
          problem: problemAt(placeOf(checked.value, path), message),
        };
      }
      const message = `${name}.${tag}: expected ${orList(tags)}, received ${received(given)}`;
      const place = valuePlace(checked.value, [...path, tag]);
      const hint = typeof given === "string" ? didYouMean(given, tags) : undefined;
      return { key: `${violation.instancePath} tag`, problem: problemAt(place, message, hint) };
    }
    default: {
      const message = `${name || "the file"}: expected ${expectation(parentSchema)}, received ${received(data)}`;
      const near = typeof data === "string" ? didYouMean(data, choices(parentSchema)) : undefined;
      const hint = near ?? origin(checked.value, path) ?? tooMany(violation);
      return {
        key: `${violation.instancePath} value`,
        problem: problemAt(valuePlace(checked.value, path), message, hint),
      };
    }
  }
}

/** The texts a value may be, where a schema lists them. */
function choices(schema: Schema): string[] {
  const own = [schema.const, ...(schema.enum ?? [])];
  const branches = (schema.anyOf ?? []).flatMap(choices);
  return [...own.filter((value) => typeof value === "string"), ...branches];
}

/** What lies in several layers is laid together: a file's key stays beside that of a profile unless null takes it away. */
function tooMany({ keyword, data }: Violation): string | undefined {
  if (keyword !== "maxProperties") return undefined;
  const [first, second] = Object.keys(data as object);
  return `null takes one away: { ${first}: null, ${second}: … }`;
}

function nameRule(patterns: readonly string[]): string {
  return patterns.includes(NAME) ? NAME_RULE : "it takes no other keys";
}

/**
 * Of the errors of a union, keeps those of the branch that the value has the form of; where none or several have
 * it, the union's own error alone.
 */
function narrowUnions(violations: readonly Violation[]): readonly Violation[] {
  let left = violations;
  for (const union of violations.filter((violation) => violation.keyword === "anyOf")) {
    const inside = (violation: Violation) => violation.schemaPath.startsWith(`${union.schemaPath}/`);
    const meant = branchMeant(union.parentSchema.anyOf ?? [], union.data);
    const keep = meant === undefined ? undefined : `${union.schemaPath}/${meant}/`;
    left = left.filter((violation) => {
      if (violation === union) return keep === undefined;
      if (!violation.instancePath.startsWith(union.instancePath) || !inside(violation)) return true;
      return keep !== undefined && violation.schemaPath.startsWith(keep);
    });
  }
  return left;
}

/** The branch whose form a value has; of several mappings the one that knows more of its keys than any other. */
function branchMeant(branches: readonly Schema[], value: unknown): number | undefined {
  const fitting = branches.flatMap((branch, i) =>
    branch.const === undefined && !branch.enum && hasType(branch, value) ? [{ branch, i }] : [],
  );
  if (fitting.length < 2 || typeof value !== "object" || value === null) return onlyOne(fitting);
  const keys = Object.keys(value);
  const known = fitting.map(({ branch }) =>
    keys.filter((key) => Object.hasOwn(branch.properties ?? {}, key)),
  );
  const most = Math.max(...known.map(({ length }) => length));
  return onlyOne(fitting.filter((_, at) => known[at]?.length === most));
}

function onlyOne(fitting: readonly { readonly i: number }[]): number | undefined {
  return fitting.length === 1 ? fitting[0]?.i : undefined;
}

function pointerPath(pointer: string): string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

function isBroken(root: Value, path: readonly string[]): boolean {
  let value: Value | undefined = root;
  for (const key of path) value = child(value, key);
  return value?.kind === "scalar" && value.broken === true;
}

/** The place of the value itself; of its key where it is a mapping or list, whose own place is many lines. */
function valuePlace(root: Value, path: readonly string[]) {
  let value: Value | undefined = root;
  for (const key of path) value = child(value, key);
  return value?.kind === "scalar" ? value.at : placeOf(root, path);
}

/** Says where an interpolated value came from. */
function origin(root: Value, path: readonly string[]): string | undefined {
  let value: Value | undefined = root;
  for (const key of path) value = child(value, key);
  if (!value?.from) return undefined;
  const { name, at } = value.from;
  if (at.source.isOption) return `the value comes from ${at.source.label}`;
  return `the value comes from ${name} (${at.source.label}:${at.source.position(at.start).line})`;
}

function lowerFirst(text: string): string {
  return /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text;
}
