import { existsSync, readdirSync, statSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import type { JsonObject } from "../core/json.js";
import { LineageGraph } from "../runner/lineage/walk.js";
import { Store } from "../runner/store/store.js";
import { UsageError } from "./shared/errors.js";

/** The file that makes a folder or an artifact a model. */
const MARK = "student.json";
const HASH = /^[0-9a-f]{6,64}$/;

/** Where a model's files are, and how the images it learned from were resized, where the store knows it. */
export interface ModelSource {
  path(name: string): string;
  readonly resize?: JsonObject;
}

/**
 * Finds a model: a folder with a student.json in it, a stage (`train`, or `vision-distill/train` where several pipelines
 * have one) whose newest result is a model, or an artifact by its hash or the first 6 digits of it or more.
 *
 * @throws UsageError where nothing or more than one thing bears the name
 */
export function findModel(storeRoot: string, name: string): ModelSource {
  const isStore = statSync(storeRoot, { throwIfNoEntry: false })?.isDirectory() === true;
  if (existsSync(join(name, MARK))) return folderModel(name, isStore ? storeRoot : undefined);
  if (!isStore) {
    throw new UsageError(
      `there is no model ${name}: no folder of that name holds a ${MARK}, and there is no store ${storeRoot}`,
      "run a pipeline first, or name its store with --store",
    );
  }
  const store = Store.open(storeRoot, { readOnly: true });
  const stages = stagesNamed(store, name);
  const hashes = stages.length === 0 && HASH.test(name) ? artifactsNamed(store, name) : [];
  if (stages.length + hashes.length > 1) {
    throw new UsageError(`several models go by ${name}`, `name one of ${[...stages, ...hashes].join(", ")}`);
  }
  const [stage] = stages;
  const hash = stage === undefined ? hashes[0] : newestModel(store, stage);
  if (hash !== undefined) return artifactModel(store, hash);
  throw new UsageError(
    stage === undefined ? `there is no model ${name}` : `the newest result of ${stage} is no model`,
    "give a stage whose output is a model (train), an artifact's hash, or a folder with a student.json",
  );
}

/** A folder is read as it is; one below latest/ also leads to its lineage. */
function folderModel(folder: string, storeRoot: string | undefined): ModelSource {
  const path = (name: string) => join(folder, name);
  if (storeRoot === undefined) return { path };
  const [top, ...stage] = relative(resolve(storeRoot), resolve(folder)).split(sep);
  if (top !== "latest") return { path };
  const store = Store.open(storeRoot, { readOnly: true });
  const hash = newestModel(store, stage.join("/"));
  return hash === undefined ? { path } : { path, ...resizeOf(store, hash) };
}

/** `pipeline/stage` of each newest result that the name stands for. */
function stagesNamed(store: Store, name: string): string[] {
  const latest = join(store.root, "latest");
  if (!existsSync(latest)) return [];
  const [pipeline, stage] = name.includes("/") ? name.split("/") : [undefined, name];
  return readdirSync(latest)
    .sort()
    .filter((folder) => pipeline === undefined || folder === pipeline)
    .filter((folder) => stage !== undefined && store.latest.get(folder, stage) !== undefined)
    .map((folder) => `${folder}/${stage}`);
}

/** The model among the outputs of a stage's newest result. */
function newestModel(store: Store, pipelineAndStage: string): string | undefined {
  const [pipeline = "", stage = ""] = pipelineAndStage.split("/");
  const latest = store.latest.get(pipeline, stage);
  const result = latest ? store.results.get(latest.fingerprint) : undefined;
  return Object.values(result?.outputs ?? {}).find(({ hash }) => isModel(store, hash))?.hash;
}

function artifactsNamed(store: Store, prefix: string): string[] {
  return store.trees.list().filter((hash) => hash.startsWith(prefix) && isModel(store, hash));
}

function isModel(store: Store, hash: string): boolean {
  return Object.hasOwn(store.trees.get(hash)?.entries ?? {}, MARK);
}

function artifactModel(store: Store, hash: string): ModelSource {
  const entries = store.trees.get(hash)?.entries ?? {};
  return {
    path(name) {
      const entry = Object.hasOwn(entries, name) ? entries[name] : undefined;
      if (!entry) throw new UsageError(`the artifact ${hash.slice(0, 12)} has no file ${name}`);
      return store.blobs.path(entry.blob);
    },
    ...resizeOf(store, hash),
  };
}

/** The params of the last resize on the way from the sources to the model. */
function resizeOf(store: Store, hash: string): { readonly resize?: JsonObject } {
  const graph = new LineageGraph(store);
  const last = graph
    .up(graph.makersOf(hash))
    .filter((step) => step.kind === "resize")
    .at(-1);
  return last ? { resize: last.with } : {};
}
