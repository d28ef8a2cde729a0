import { existsSync, readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { JsonObject } from "../core/json.js";
import { artifactsNamed } from "../runner/lineage/named.js";
import { LineageGraph } from "../runner/lineage/walk.js";
import { Store } from "../runner/store/store.js";
import type { Tree } from "../runner/store/trees.js";
import type { ModelLocation } from "../student/open-student.js";
import { findArtifact, type Sort } from "./shared/artifact.js";
import { UsageError } from "./shared/errors.js";

/** The file that makes a folder or an artifact a model. */
const MARK = "student.json";
const MODEL: Sort = { noun: "model", marks: [MARK], from: "train" };

/** Where a model's files are, and how the images it learned from were resized, where the store knows it. */
export interface ModelSource {
  readonly location: ModelLocation;
  readonly resize?: JsonObject;
}

/**
 * Finds a model: a folder with a student.json in it, a file or folder that `pipe export` wrote, a stage (`train`, or
 * `vision-distill/train` where several pipelines have one) whose newest result is a model, or an artifact by its hash or
 * the first 6 digits of it or more.
 *
 * @throws UsageError where nothing or more than one thing bears the name
 */
export function findModel(storeRoot: string, name: string): ModelSource {
  const isStore = statSync(storeRoot, { throwIfNoEntry: false })?.isDirectory() === true;
  if (existsSync(join(name, MARK))) return folderModel(name, isStore ? storeRoot : undefined);
  if (isExported(name)) return { location: { exported: resolve(name) } };
  if (!isStore) {
    throw new UsageError(
      `there is no model ${name}: no folder of that name holds a ${MARK}, and there is no store ${storeRoot}`,
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
  const [found] = artifactsNamed(store, resolve(folder), ({ entries }) => Object.hasOwn(entries, MARK));
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
