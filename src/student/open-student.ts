import { statSync } from "node:fs";
import { StageError } from "../contract/stage.js";
import type { Engine } from "../engine/engine.js";
import { loadStudent, type Student, studentOf } from "./model-file.js";

/** Where a model is: an artifact's files by name, or what `pipe export` wrote. */
export type ModelLocation =
  | { readonly files: Readonly<Record<string, string>> }
  | { readonly exported: string };

/** Loads a student from wherever it is. @throws StageError for what is no model of ours */
export async function openStudent(location: ModelLocation, engine: Engine): Promise<Student> {
  if ("exported" in location) return loadExported(location.exported, engine);
  return loadStudent(filesOf(location.files), engine);
}

/** What `readModel` and `loadStudent` take. */
export function filesOf(files: Readonly<Record<string, string>>): (name: string) => string {
  return (name) => {
    if (Object.hasOwn(files, name)) return files[name]!;
    throw new StageError(`the model has no file ${name}`, { class: "bad-model" });
  };
}

/**
 * Loads a student that was exported: a Keras `.h5` file, or a folder in tfjs's layers format.
 *
 * @throws StageError for models that we did not export
 */
async function loadExported(path: string, engine: Engine): Promise<Student> {
  if (!statSync(path).isDirectory()) {
    // HDF5 is megabytes of WebAssembly.
    const { withH5 } = await import("./weights/h5-file.js");
    const { kerasInfo } = await import("./weights/export-keras.js");
    const { kerasLayers } = await import("./weights/keras-h5.js");
    return withH5(path, "r", (file) => {
      const info = kerasInfo(file);
      if (!info) throw notOurs(path);
      return studentOf({ info, layers: kerasLayers(file, path) }, engine);
    });
  }
  const { readTfjs } = await import("./weights/export-tfjs.js");
  const model = readTfjs(path);
  if (!model) throw notOurs(path);
  return studentOf(model, engine);
}

function notOurs(path: string): StageError {
  return new StageError(`${path} does not tell its tags: it was not exported by pipe export`, {
    class: "bad-model",
    hint: "to start a training from its weights, use weights: { file: … }",
  });
}
