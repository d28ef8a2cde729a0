import type { Sha256 } from "../../core/hash.js";
import type { Store } from "./store.js";

/** Who an artifact is an output of. */
export interface Claim {
  readonly kind: string;
  /** `pipeline/stage`; of a result that no run or latest/ names any more, only the stage. */
  readonly stage: string;
  readonly pipeline: string | undefined;
  readonly run: string | undefined;
}

/** What a run says of itself. */
interface RunOf {
  readonly run: string;
  readonly pipeline: string;
}

export interface Claims {
  /** By artifact. */
  readonly trees: ReadonlyMap<Sha256, readonly Claim[]>;
  /** All runs, oldest first. */
  readonly runs: readonly RunOf[];
}

/** Finds whose outputs the store's artifacts are: of runs, of what latest/ shows, of results that neither names. */
export function claimsOf(store: Store): Claims {
  const trees = new Map<Sha256, Claim[]>();
  const runs: RunOf[] = [];
  const named = new Set<Sha256>();
  const add = (outputs: Readonly<Record<string, { readonly hash: Sha256 }>>, claim: Claim) => {
    for (const { hash } of Object.values(outputs)) {
      const claims = trees.get(hash);
      if (claims) claims.push(claim);
      else trees.set(hash, [claim]);
    }
  };
  for (const { runId: run, pipeline, stages } of store.runs.list()) {
    runs.push({ run, pipeline });
    for (const { name, kind, fingerprint, outputs } of stages) {
      if (fingerprint !== null) named.add(fingerprint);
      add(outputs, { kind, stage: `${pipeline}/${name}`, pipeline, run });
    }
  }
  const shown = new Map<Sha256, { readonly pipeline: string; readonly stage: string }[]>();
  for (const { pipeline, stage, fingerprint } of store.latest.entries()) {
    if (fingerprint === undefined || named.has(fingerprint)) continue;
    shown.set(fingerprint, [...(shown.get(fingerprint) ?? []), { pipeline, stage }]);
  }
  for (const { fingerprint, stage, preimage, outputs } of store.results.list()) {
    if (named.has(fingerprint)) continue;
    const { kind } = preimage;
    const places = shown.get(fingerprint);
    for (const place of places ?? []) {
      const { pipeline } = place;
      add(outputs, { kind, stage: `${pipeline}/${place.stage}`, pipeline, run: undefined });
    }
    if (!places) add(outputs, { kind, stage, pipeline: undefined, run: undefined });
  }
  return { trees, runs };
}
