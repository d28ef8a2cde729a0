import { existsSync, statSync } from "node:fs";
import { relative, resolve, sep } from "node:path";
import { sha256File } from "../../core/hash.js";
import type { Store } from "../store/store.js";
import { findItem, type ItemSighting } from "./items.js";
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
 * Follows a run id, an artifact's hash (or its first 6 digits or more), a path (under latest/, or any file whose bytes
 * the store knows) or an item (id, blob hash, relative path or URL) back to its sources and forward to what was made
 * of it. @returns undefined where the store knows nothing of that name.
 */
export async function traceLineage(store: Store, name: string): Promise<Lineage | undefined> {
  const graph = new LineageGraph(store);
  const run = store.runs.get(name);
  if (run) {
    const artifacts = run.stages.flatMap((stage) => Object.values(stage.outputs).map(({ hash }) => hash));
    return whole(graph, "run", run.runId, artifacts);
  }
  const published = publishedArtifacts(store, name);
  if (published) return whole(graph, "artifact", name, published);
  if (/^[0-9a-f]{6,64}$/.test(name)) {
    const matches = graph.artifacts().filter((hash) => hash.startsWith(name));
    if (matches.length === 1) return whole(graph, "artifact", matches[0] as string, matches);
  }
  const isFile = existsSync(name) && statSync(name).isFile();
  const item = isFile ? await sha256File(name) : name;
  const sightings = await findItem(store, graph, item);
  if (sightings.length === 0) return isFile ? byFile(graph, store, name, item) : undefined;
  const artifacts = [...new Set(sightings.map(({ artifact }) => artifact))];
  const from = graph.up(artifacts);
  const to = graph.down(artifacts).filter((step) => !from.some((s) => s.fingerprint === step.fingerprint));
  return { subject: "item", name, sightings, from, to };
}

function whole(
  graph: LineageGraph,
  subject: "artifact" | "run",
  name: string,
  artifacts: readonly string[],
): Lineage {
  const from = graph.up(artifacts);
  const to = graph.down(artifacts).filter((step) => !from.some((s) => s.fingerprint === step.fingerprint));
  return { subject, name, artifacts, from, to };
}

/** The artifacts behind a path below latest/<pipeline>/<stage>/. */
function publishedArtifacts(store: Store, path: string): readonly string[] | undefined {
  const [top, pipeline, stage] = relative(store.root, resolve(path)).split(sep);
  if (top !== "latest" || pipeline === undefined || stage === undefined) return undefined;
  const latest = store.latest.get(pipeline, stage);
  const result = latest ? store.results.get(latest.fingerprint) : undefined;
  return result ? Object.values(result.outputs).map(({ hash }) => hash) : undefined;
}

/** A file that is no item but stands in artifacts: a model, a report, a shard. */
function byFile(graph: LineageGraph, store: Store, name: string, blob: string): Lineage | undefined {
  const artifacts = graph
    .artifacts()
    .filter((hash) =>
      Object.values(store.trees.get(hash)?.entries ?? {}).some((entry) => entry.blob === blob),
    );
  return artifacts.length > 0 ? whole(graph, "artifact", name, artifacts) : undefined;
}
