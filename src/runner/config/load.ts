import { dirname, resolve } from "node:path";
import type { Registry } from "../../contract/kind.js";
import type { JsonObject } from "../../core/json.js";
import { readPipelineFile } from "./files.js";
import { Interpolator } from "./interpolate.js";
import { mergeValues } from "./merge.js";
import { didYouMean, suggest } from "./nearest.js";
import { applyOverrides } from "./overrides.js";
import type { ConfigProblem, LoadOutcome } from "./pipeline.js";
import { sortProblems } from "./problems.js";
import { append, problemAt } from "./source.js";
import { StageBinder } from "./stages.js";
import { child, type Entry, entriesOf, mapValue, toJson, type Value } from "./tree.js";
import { loadValidators, type Validators, type Violation } from "./validators.js";
import { explainViolations } from "./violations.js";

export interface LoadOptions {
  readonly registry: Registry;
  /** Made by the build; tests bring their own. */
  readonly validators?: Validators;
  /** Names of profiles, applied in this order. */
  readonly profiles: readonly string[];
  /** `-S` options: "train.dropout=0.5", "params.size=32", "seed=3". */
  readonly overrides: readonly string[];
}

/**
 * Loads a pipeline file: reads it and what it extends, lays profiles and overrides over it, interpolates params,
 * validates, fills in defaults, connects and orders the stages. What is wrong is a value, all of it at once.
 */
export async function loadPipeline(file: string, options: LoadOptions): Promise<LoadOutcome> {
  const validators = options.validators ?? (await loadValidators());
  const read = readPipelineFile(file);
  if (!read.root) return { ok: false, problems: sortProblems(read.problems) };
  const problems: ConfigProblem[] = [...read.problems];

  checkProfiles(read.root, problems);
  let root = applyProfiles(read.root, options.profiles, problems);
  const overridden = applyOverrides(root, options.overrides, resolve(file));
  append(problems, overridden.problems);
  root = interpolate(overridden.root, problems);

  const data = toJson(root) as JsonObject;
  if (!validators.pipeline(data)) {
    const violations = (validators.pipeline.errors ?? []).filter((violation) => !isVersion(violation));
    append(problems, explainViolations(violations, { value: root, name: "", owner: "the pipeline" }));
  }
  const binder = new StageBinder(root, options.registry, validators);
  const stages = await binder.bind();
  append(problems, binder.problems);
  if (problems.length === 0) append(problems, await unappliedProblems(read.root, options, validators));
  if (problems.length > 0) return { ok: false, problems: sortProblems(problems) };
  return {
    ok: true,
    pipeline: {
      file,
      base: dirname(resolve(file)),
      name: data.name as string,
      seed: data.seed as number,
      params: (data.params ?? {}) as JsonObject,
      profiles: options.profiles,
      overrides: options.overrides,
      stages,
    },
  };
}

/** Each file's version is checked where it is read, before files are laid over each other. */
function isVersion(violation: Violation): boolean {
  return violation.instancePath === "/version" || violation.params.missingProperty === "version";
}

/** A profile that is not applied is read too: a stage it changes exists, or is a whole new one. */
function checkProfiles(root: Value, problems: ConfigProblem[]): void {
  const stages = [...entriesOf(child(root, "stages")).keys()];
  for (const [profile, { value }] of entriesOf(child(root, "profiles"))) {
    for (const [name, entry] of entriesOf(child(value, "stages"))) {
      if (stages.includes(name) || child(entry.value, "uses")) continue;
      const message = `the profile ${profile} changes a stage ${name} that the pipeline does not have`;
      problems.push(problemAt(entry.key, message, didYouMean(name, stages) ?? "a new stage needs uses:"));
    }
  }
}

/**
 * What would be wrong if a profile that is not applied were, each by itself over the file as it stands: nobody wants to learn of
 * a typing mistake on the day the large run starts. Problems of what is not the profile's own are left to when it is applied.
 */
async function unappliedProblems(
  root: Value,
  { registry, profiles }: LoadOptions,
  validators: Validators,
): Promise<readonly ConfigProblem[]> {
  const all: ConfigProblem[] = [];
  for (const [name, { value }] of entriesOf(child(root, "profiles"))) {
    if (profiles.includes(name)) continue;
    const problems: ConfigProblem[] = [];
    const merged = interpolate(mergeValues(root, value), problems);
    const binder = new StageBinder(merged, registry, validators);
    await binder.bind();
    append(problems, binder.problems);
    for (const problem of problems)
      all.push({ ...problem, message: `with the profile ${name}: ${problem.message}` });
  }
  return all;
}

function applyProfiles(root: Value, names: readonly string[], problems: ConfigProblem[]): Value {
  const profiles = entriesOf(child(root, "profiles"));
  let merged = root;
  for (const name of names) {
    const profile = profiles.get(name);
    if (profile) {
      merged = mergeValues(merged, profile.value);
      continue;
    }
    const known = [...profiles.keys()];
    problems.push({
      source: `-p ${name}`,
      message: "there is no such profile",
      hint: suggest(name, known) ?? "the file has none",
    });
  }
  return merged;
}

/** Resolves references in params, seed and stages; profiles and sweeps keep theirs for when they are applied. */
function interpolate(root: Value, problems: ConfigProblem[]): Value {
  const interpolator = new Interpolator(child(root, "params"));
  const entries = new Map<string, Entry>(entriesOf(root));
  for (const key of ["params", "seed", "stages"]) {
    const entry = entries.get(key);
    if (entry) entries.set(key, { key: entry.key, value: interpolator.resolve(entry.value, key) });
  }
  append(problems, interpolator.problems);
  return mapValue(root.at, entries);
}
