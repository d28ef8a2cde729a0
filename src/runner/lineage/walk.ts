import type { JsonObject } from "../../core/json.js";
import type { Result } from "../store/results.js";
import type { Store } from "../store/store.js";

/** A stage's result as a step of the way of data. */
export interface LineageStep {
  readonly fingerprint: string;
  readonly stage: string;
  readonly kind: string;
  readonly runId: string;
  readonly createdAt: string;
  readonly with: JsonObject;
  readonly versions: JsonObject;
  /** Port → artifact hash. */
  readonly inputs: Readonly<Record<string, string>>;
  readonly outputs: Readonly<
    Record<string, { readonly hash: string; readonly bytes: number; readonly rows?: number }>
  >;
}

/** Which results made which artifacts from which: the whole store as one graph, read once. */
export class LineageGraph {
  private readonly makers = new Map<string, Result[]>();
  private readonly users = new Map<string, Result[]>();

  constructor(store: Store) {
    for (const result of store.results.list()) {
      for (const { hash } of Object.values(result.outputs)) push(this.makers, hash, result);
      for (const hash of Object.values(inputsOf(result))) push(this.users, hash, result);
    }
  }

  /** Hashes of all artifacts that results name. */
  artifacts(): string[] {
    return [...new Set([...this.makers.keys(), ...this.users.keys()])].sort();
  }

  /** The results that gave an artifact. Content has hashes: several stages may have given the same. */
  makersOf(artifact: string): readonly Result[] {
    return this.makers.get(artifact) ?? [];
  }

  /** Results and all that led to them, from the sources on: makers stand before users. */
  up(results: readonly Result[]): readonly LineageStep[] {
    return walk(results, (result) => Object.values(inputsOf(result)).flatMap((hash) => this.makersOf(hash)));
  }

  /** What was made of results, they themselves left out: makers stand before users. */
  down(results: readonly Result[]): readonly LineageStep[] {
    const start = new Set(results.map(({ fingerprint }) => fingerprint));
    const next = (result: Result) =>
      Object.values(result.outputs).flatMap(({ hash }) => this.users.get(hash) ?? []);
    return walk(results, next)
      .filter(({ fingerprint }) => !start.has(fingerprint))
      .reverse();
  }
}

/** Depth first, each result after all that `next` leads to. */
function walk(start: readonly Result[], next: (result: Result) => readonly Result[]): LineageStep[] {
  const seen = new Set<string>();
  const steps: LineageStep[] = [];
  const visit = (result: Result) => {
    if (seen.has(result.fingerprint)) return;
    seen.add(result.fingerprint);
    next(result).forEach(visit);
    steps.push(toStep(result));
  };
  start.forEach(visit);
  return steps;
}

function push(map: Map<string, Result[]>, key: string, value: Result): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}

function inputsOf(result: Result): Readonly<Record<string, string>> {
  return result.preimage.inputs as Readonly<Record<string, string>>;
}

function toStep(result: Result): LineageStep {
  const { fingerprint, stage, preimage, runId, createdAt, versions, outputs } = result;
  const impl = (preimage.impl ?? {}) as JsonObject;
  return {
    fingerprint,
    stage,
    kind: preimage.kind,
    runId,
    createdAt,
    with: preimage.with,
    versions: { ...versions, ...impl },
    inputs: inputsOf(result),
    outputs,
  };
}
