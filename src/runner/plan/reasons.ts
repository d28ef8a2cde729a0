import { canonicalJson, isJsonObject, type Json } from "../../core/json.js";
import { type Preimage, type Reason, unitSums } from "./plan.js";

/** A cue looks at what a result was made from and what would be made now; it names each difference it knows of. */
type Cue = (was: Preimage, is: Preimage) => readonly Reason[];

const short = (value: Json | undefined) => {
  if (value === undefined) return "unset";
  const text = typeof value === "string" ? value : canonicalJson(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
};

/** Leaves that differ between two JSON values, as dotted paths. */
export function differences(
  was: Json | undefined,
  is: Json | undefined,
  path = "",
): { path: string; from: Json | undefined; to: Json | undefined }[] {
  if (isJsonObject(was) && isJsonObject(is)) {
    const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].sort();
    return keys.flatMap((key) => differences(was[key], is[key], path === "" ? key : `${path}.${key}`));
  }
  const same = was === undefined || is === undefined ? was === is : canonicalJson(was) === canonicalJson(is);
  return same ? [] : [{ path, from: was, to: is }];
}

const kindChanged: Cue = (was, is) =>
  was.kind === is.kind
    ? []
    : [{ code: "kind-changed", message: `it was a ${was.kind} stage and is a ${is.kind} stage` }];

const versionChanged: Cue = (was, is) =>
  was.kind !== is.kind || was.version === is.version
    ? []
    : [
        {
          code: "version-changed",
          message: `the ${is.kind} stage's code is version ${is.version}, its result was made by version ${was.version}`,
        },
      ];

const paramChanged: Cue = (was, is) =>
  differences(was.with, is.with).map(({ path, from, to }) => ({
    code: "param-changed",
    message: `${path} changed from ${short(from)} to ${short(to)}`,
    detail: { path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
  }));

const inputChanged: Cue = (was, is) =>
  differences(was.inputs, is.inputs).map(({ path, from, to }) => ({
    code: "input-changed",
    message:
      from === undefined
        ? `the input ${path} is new`
        : to === undefined
          ? `the input ${path} is gone`
          : `the input ${path} has other content (${short(from).slice(0, 8)} → ${short(to).slice(0, 8)})`,
    detail: { path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
  }));

/**
 * An identity that is a record names what it holds (exec's deps, a module's imports), unless that is units of a source,
 * whose names say nothing to people; else it is one hash of all.
 */
const sourceChanged: Cue = (was, is) => {
  const named = [was, is].every(({ identity }) => isJsonObject(identity) && !unitSums(identity));
  const changes = differences(was.identity, is.identity);
  if (!named && changes.length > 0) {
    return [{ code: "source-changed", message: "what it reads outside the store has changed" }];
  }
  return changes.map(({ path, from, to }) => ({
    code: "source-changed",
    message: `${path} ${from === undefined ? "is new" : to === undefined ? "is gone" : "has changed"}`,
    detail: { path, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) },
  }));
};

const implementationChanged: Cue = (was, is) =>
  differences(was.impl, is.impl).map(({ path, from, to }) => ({
    code: "implementation-changed",
    message: `it is computed by ${path} ${short(to)}, its result by ${short(from)}`,
  }));

const seedChanged: Cue = (was, is) =>
  was.seed === is.seed
    ? []
    : [{ code: "seed-changed", message: `the seed changed from ${short(was.seed)} to ${short(is.seed)}` }];

/** Walked in this order; the same list decides nothing and explains everything: the fingerprint decides. */
const CUES: readonly Cue[] = [
  kindChanged,
  versionChanged,
  paramChanged,
  inputChanged,
  sourceChanged,
  implementationChanged,
  seedChanged,
];

/** Every reason for which the result made from `was` does not serve for `is`. */
export function explainDifference(was: Preimage, is: Preimage): readonly Reason[] {
  return CUES.flatMap((cue) => cue(was, is));
}

/** The reasons as one sentence for a line in a table. */
export function summarise(reasons: readonly Reason[]): string {
  const [first, ...rest] = reasons;
  if (!first) return "";
  return rest.length === 0 ? first.message : `${first.message}, and ${rest.length} more`;
}
