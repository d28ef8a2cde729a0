import { existsSync, statSync } from "node:fs";
import { sha256File } from "../../core/hash.js";
import type { Result } from "../store/results.js";
import type { Store } from "../store/store.js";
import { findItem, type ItemSighting } from "./items.js";
import { newestOf } from "./named.js";
import type { RunRecord } from "./record.js";
import { LineageGraph, type LineageStep } from "./walk.js";

/** The lineage of something a user named. */
export type Lineage =
  | {
      readonly subject: "artifact" | "run";
      readonly name: string;
      readonly artifacts: readonly string[];
      /** From the sources to it, sources first. */
      readonly from: readonly LineageStep[];
      /** What was made of it, nearest first. */
      readonly to: readonly LineageStep[];
    }
  | {
      readonly subject: "item";
      readonly name: string;
      readonly sightings: readonly ItemSighting[];
      readonly from: readonly LineageStep[];
      readonly to: readonly LineageStep[];
    };

/**
 * Follows a run id, an artifact's hash (or its first 6 digits or more), a stage (its newest result), a path (under
 * latest/, or any file whose bytes the store knows) or an item (id, blob hash, relative path or URL) back to its sources and forward to what was made
 * of it. @returns undefined where the store knows nothing of that name.
 */
export async function traceLineage(store: Store, name: string): Promise<Lineage | undefined> {
  const graph = new LineageGraph(store);
  const run = store.runs.get(name);
  if (run) return stepsOf(graph, "run", run.runId, resultsOf(store, run.stages));
  const newest = newestOf(store, name).flatMap(({ fingerprint }) => store.results.get(fingerprint) ?? []);
  if (newest.length > 0) return stepsOf(graph, "artifact", name, newest);
  if (/^[0-9a-f]{6,64}$/.test(name)) {
    const matches = graph.artifacts().filter((hash) => hash.startsWith(name));
    const [only] = matches;
    if (only !== undefined && matches.length === 1) {
      return stepsOf(graph, "artifact", only, graph.makersOf(only), [only]);
    }
  }
  const isFile = existsSync(name) && statSync(name).isFile();
  const item = isFile ? await sha256File(name) : name;
  const sightings = await findItem(store, graph, item);
  if (sightings.length === 0) return isFile ? byFile(graph, store, name, item) : undefined;
  const makers = [...new Set(sightings.map(({ artifact }) => artifact))].flatMap((artifact) =>
    graph.makersOf(artifact),
  );
  const { from, to } = stepsOf(graph, "artifact", name, makers);
  return { subject: "item", name, sightings, from, to };
}

function resultsOf(store: Store, stages: RunRecord["stages"]): Result[] {
  return stages.flatMap(({ fingerprint }) => (fingerprint && store.results.get(fingerprint)) || []);
}

/** @param artifacts those that were asked for; all that the results gave unless named */
function stepsOf(
  graph: LineageGraph,
  subject: "artifact" | "run",
  name: string,
  results: readonly Result[],
  artifacts = results.flatMap(({ outputs }) => Object.values(outputs).map(({ hash }) => hash)),
): Exclude<Lineage, { subject: "item" }> {
  return {
    subject,
    name,
    artifacts: [...new Set(artifacts)],
    from: graph.up(results),
    to: graph.down(results),
  };
}

/** A file that is no item but stands in artifacts: a model, a report, a shard. */
function byFile(graph: LineageGraph, store: Store, name: string, blob: string): Lineage | undefined {
  const artifacts = graph
    .artifacts()
    .filter((hash) =>
      Object.values(store.trees.get(hash)?.entries ?? {}).some((entry) => entry.blob === blob),
    );
  if (artifacts.length === 0) return undefined;
  const makers = artifacts.flatMap((artifact) => graph.makersOf(artifact));
  return stepsOf(graph, "artifact", name, makers, artifacts);
}
