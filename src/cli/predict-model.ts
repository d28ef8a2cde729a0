import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { JsonObject } from "../core/json.js";
import { artifactsNamed } from "../runner/lineage/named.js";
import { LineageGraph } from "../runner/lineage/walk.js";
import { Store } from "../runner/store/store.js";
import type { Tree } from "../runner/store/trees.js";
import { MODEL_MARK, modelPath } from "../student/model-path.js";
import type { ModelLocation } from "../student/open-student.js";
import { findArtifact, type Sort } from "./shared/artifact.js";
import { UsageError } from "./shared/errors.js";

const MODEL: Sort = { noun: "model", marks: [MODEL_MARK], from: "train" };

/** Where a model's files are, and how the images it learned from were resized, where the store knows it. */
export interface ModelSource {
  readonly location: ModelLocation;
  readonly resize?: JsonObject;
}

/**
 * Finds a model: a folder with a student.json in it, a file or folder that `pipe export` wrote, a file in such a folder, a stage (`train`, or
 * `vision-distill/train` where several pipelines have one) whose newest result is a model, or an artifact by its hash or
 * the first 6 digits of it or more.
 *
 * @throws UsageError where nothing or more than one thing bears the name
 */
export function findModel(storeRoot: string, name: string): ModelSource {
  const isStore = statSync(storeRoot, { throwIfNoEntry: false })?.isDirectory() === true;
  const path = modelPath(name);
  if (existsSync(join(path, MODEL_MARK))) return folderModel(path, isStore ? storeRoot : undefined);
  if (isExported(path)) return { location: { exported: resolve(path) } };
  if (!isStore) {
    throw new UsageError(
      `there is no model ${name}: no folder of that name holds a ${MODEL_MARK}, and there is no store ${storeRoot}`,
      "run a pipeline first, or name its store with --store",
    );
  }
  const store = Store.open(storeRoot, { readOnly: true });
  const tree = findArtifact(store, name, MODEL);
  const files = Object.entries(tree.entries).map(([file, { blob }]) => [file, store.blobs.path(blob)]);
  return { location: { files: Object.fromEntries(files) }, ...resizeOf(store, tree) };
}

/** A folder is read as it is; one below latest/ also leads to its lineage. */
function folderModel(folder: string, storeRoot: string | undefined): ModelSource {
  const files = readdirSync(folder).map((name) => [name, resolve(folder, name)]);
  const location = { files: Object.fromEntries(files) };
  if (storeRoot === undefined) return { location };
  const store = Store.open(storeRoot, { readOnly: true });
  const [found] = artifactsNamed(store, resolve(folder), ({ entries }) => Object.hasOwn(entries, MODEL_MARK));
  return found ? { location, ...resizeOf(store, found.tree) } : { location };
}

/** A file in HDF5, or a folder in tfjs's layers format. */
function isExported(name: string): boolean {
  const found = statSync(name, { throwIfNoEntry: false });
  return found?.isFile() ? /\.(h5|hdf5)$/.test(name) : existsSync(join(name, "model.json"));
}

/** The params of the last resize on the way from the sources to the model. */
function resizeOf(store: Store, { hash }: Tree): { readonly resize?: JsonObject } {
  const graph = new LineageGraph(store);
  const last = graph
    .up(graph.makersOf(hash))
    .filter((step) => step.kind === "resize")
    .at(-1);
  return last ? { resize: last.with } : {};
}
