import { mergeValues } from "./merge.js";
import { suggest } from "./nearest.js";
import { parseYaml } from "./parse.js";
import type { ConfigProblem } from "./pipeline.js";
import { append, type Place, problemAt, Source } from "./source.js";
import { child, type Entry, entriesOf, mapValue, scalar, type Value } from "./tree.js";

/** Words that begin a path from the top of the file; any other first word is a stage. */
const ROOTS = new Set(["params", "seed", "name", "stages"]);

interface Override {
  readonly path: readonly string[];
  readonly value: Value;
  readonly at: Place;
}

/**
 * Applies `-S` options. `train.dropout=0.5` sets a param of the stage train, `params.size=32` a param of the
 * pipeline, `seed=3` its seed, `stages.train.retries=2` anything of a stage; the value is YAML.
 */
export function applyOverrides(
  root: Value,
  options: readonly string[],
  file: string,
): { readonly root: Value; readonly problems: readonly ConfigProblem[] } {
  const problems: ConfigProblem[] = [];
  let all: Value | undefined;
  for (const option of options) {
    const override = parseOverride(root, option, file, problems);
    if (override) all = set(all, override.path, override);
  }
  return { root: all ? mergeValues(root, all) : root, problems };
}

function parseOverride(
  root: Value,
  option: string,
  file: string,
  problems: ConfigProblem[],
): Override | undefined {
  const equals = option.indexOf("=");
  const text = equals < 0 ? "" : option.slice(equals + 1);
  const source = Source.ofOption(`-S ${option}`, file, text);
  const at: Place = { source, start: 0, end: text.length };
  const refuse = (message: string, hint?: string): undefined => {
    problems.push(problemAt(at, message, hint));
    return undefined;
  };
  const target = (equals < 0 ? option : option.slice(0, equals)).trim();
  const words = target.split(".");
  if (equals < 0 || words.includes("")) {
    return refuse(
      "expected <stage>.<param>=<value>",
      "for example -S train.dropout=0.5 or -S params.size=32",
    );
  }
  const reserved = words.find(
    (word) => word === "__proto__" || word === "constructor" || word === "prototype",
  );
  if (reserved !== undefined) return refuse(`"${reserved}" cannot be a key`);
  const path = targetPath(root, words, refuse);
  if (!path) return undefined;
  const parsed = parseYaml(source);
  append(problems, parsed.problems);
  if (parsed.problems.length > 0) return undefined;
  return { path, value: parsed.value ?? scalar(at, null), at };
}

function targetPath(
  root: Value,
  words: readonly string[],
  refuse: (message: string, hint?: string) => undefined,
): readonly string[] | undefined {
  const [first, second] = words as [string, string?];
  const stages = entriesOf(child(root, "stages"));
  const stageNames = [...stages.keys()];
  if (first === "params") {
    const params = entriesOf(child(root, "params"));
    if (second === undefined) return refuse("expected params.<name>=<value>");
    if (params.has(second)) return words;
    return refuse(`the pipeline has no param ${second}`, suggest(second, [...params.keys()]));
  }
  if (first === "stages") {
    if (second === undefined || words.length < 3) return refuse("expected stages.<stage>.<key>=<value>");
    if (stages.has(second)) return words;
    return refuse(`there is no stage ${second}`, suggest(second, stageNames));
  }
  if (ROOTS.has(first)) return words.length === 1 ? words : refuse(`${first} is a single value`);
  if (!stages.has(first)) {
    const targets = [...stageNames, ...ROOTS];
    return refuse(`there is no stage ${first}`, suggest(first, targets));
  }
  if (words.length === 1) return refuse(`expected ${first}.<param>=<value>`);
  return ["stages", first, "with", ...words.slice(1)];
}

/** A tree with one value set; later options win. */
function set(below: Value | undefined, path: readonly string[], override: Override): Value {
  const [key, ...rest] = path;
  if (key === undefined) return override.value;
  const entries = new Map<string, Entry>(entriesOf(below));
  entries.set(key, { key: override.at, value: set(entries.get(key)?.value, rest, override) });
  return mapValue(override.at, entries);
}
