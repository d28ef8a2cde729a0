import { realpathSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import { mergeValues } from "./merge.js";
import { parseYaml } from "./parse.js";
import type { ConfigProblem } from "./pipeline.js";
import { append, type Place, problemAt, readSource, Source } from "./source.js";
import { child, entriesOf, mapValue, type Value } from "./tree.js";

/** The format that this release reads. */
const VERSION = 1;

export interface ReadFile {
  /** The file laid over what it extends, `extends` taken out; absent where it could not be read. */
  readonly root?: Value;
  readonly problems: readonly ConfigProblem[];
}

/** Reads a pipeline file and the chain of files it extends. */
export function readPipelineFile(label: string): ReadFile {
  const problems: ConfigProblem[] = [];
  const root = readChain(label, [], undefined, problems);
  return root ? { root, problems } : { problems };
}

interface Link {
  readonly label: string;
  readonly real: string;
}

function readChain(
  label: string,
  chain: readonly Link[],
  from: Place | undefined,
  problems: ConfigProblem[],
): Value | undefined {
  const source = readSource(label);
  if (!(source instanceof Source)) {
    // A file that another one names is that one's mistake.
    const hint = from && `the path starts at the folder of ${from.source.label}`;
    problems.push(from && !source.at ? problemAt(from, source.message, hint) : source);
    return undefined;
  }
  const real = realpathSync(source.path);
  const repeated = chain.findIndex((link) => link.real === real);
  if (from && repeated >= 0) {
    const names = [...chain.slice(repeated).map((link) => link.label), label].join(" -> ");
    problems.push(problemAt(from, `files extend each other in a circle: ${names}`));
    return undefined;
  }
  const parsed = parseYaml(source);
  append(problems, parsed.problems);
  const root = checkForm(source, parsed.value, parsed.problems.length > 0, problems);
  if (root?.kind !== "map") return undefined;
  const base = child(root, "extends");
  if (base?.kind !== "scalar" || typeof base.value !== "string" || base.value === "") return root;
  const own = new Map(root.entries);
  own.delete("extends");
  const above = mapValue(root.at, own);
  const next = isAbsolute(base.value) ? base.value : normalize(join(dirname(label), base.value));
  const below = readChain(next, [...chain, { label, real }], base.at, problems);
  return below && mapValue(root.at, entriesOf(mergeValues(below, above)));
}

function checkForm(
  source: Source,
  value: Value | undefined,
  explained: boolean,
  problems: ConfigProblem[],
): Value | undefined {
  const start: Place = { source, start: 0, end: 1 };
  if (!value) {
    if (!explained) {
      const hint = "a pipeline has at least version, name and stages";
      problems.push({ message: `${source.label} is empty`, hint });
    }
    return undefined;
  }
  if (value.kind !== "map") {
    if (explained) return undefined;
    const what = value.kind === "list" ? "a list" : "a single value";
    problems.push(problemAt(start, `expected a mapping with version, name and stages, received ${what}`));
    return undefined;
  }
  const version = child(value, "version");
  if (version === undefined) {
    problems.push(problemAt(start, 'the file lacks "version"', `write version: ${VERSION} at its top`));
  } else if (version.kind !== "scalar" || version.value !== VERSION) {
    const hint = "a later format needs a later release of pipestill";
    problems.push(
      problemAt(version.at, `version: expected ${VERSION}, the format that this release reads`, hint),
    );
  }
  return value;
}
