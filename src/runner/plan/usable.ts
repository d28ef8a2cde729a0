import type { StageConfig } from "../config/pipeline.js";
import type { Result } from "../store/results.js";
import type { Store } from "../store/store.js";
import type { Reason } from "./plan.js";

/** Names the first part of a result that the store does not hold any more. */
export function lostPart(result: Result, store: Store): string | undefined {
  for (const [port, { hash }] of Object.entries(result.outputs)) {
    const tree = store.trees.get(hash);
    if (!tree) return `the artifact ${hash.slice(0, 8)} (${port})`;
    const [missing] = store.trees.missing(tree);
    if (missing !== undefined) return `${missing} of the output ${port}`;
  }
  return undefined;
}

export const REFRESH: Reason = {
  code: "refresh-due",
  message: "it is time to ask its source again (`refresh`)",
};

/** Whether a result is as old as its kind lets it become. */
export function refreshDue(stage: StageConfig, result: Result): boolean {
  const age = stage.kind.refreshAfter?.(stage.params.all);
  return age !== undefined && Date.now() - Date.parse(result.createdAt) >= age;
}

/** Why a result that is there cannot be used. */
export function unusable(result: Result, lost: string | undefined): Reason {
  if (lost !== undefined) return { code: "result-lost", message: `the store has lost ${lost}` };
  return {
    code: "transient-failures",
    message: `tried again: what failed last time in a way that may pass, ${result.transientFailures} of the items`,
  };
}
