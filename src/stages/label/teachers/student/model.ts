import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { IdentityContext } from "../../../../contract/kind.js";
import { type BaseContext, StageError } from "../../../../contract/stage.js";
import type { Json } from "../../../../core/json.js";
import { MODEL_MARK, modelPath } from "../../../../student/model-path.js";
import type { StudentTeacher } from "../../schema.js";

/** Where the model is that teaches: the input `teacher`, or the path in the params. Holds what student/open-student.ts takes. */
export type Location = { readonly files: Readonly<Record<string, string>> } | { readonly exported: string };

/** @throws StageError where there is no model, or two */
export function locate(context: BaseContext): Location {
  const { model } = context.with.teacher as unknown as StudentTeacher;
  const input = context.inputs.teacher;
  if (input && model !== undefined) {
    throw new StageError("the teacher `student` is given two models", {
      hint: "leave out either inputs.teacher or teacher.model",
    });
  }
  if (input) return { files: Object.fromEntries(input.files.map((name) => [name, input.path(name)])) };
  if (model === undefined) {
    throw new StageError("the teacher `student` has no model", {
      hint: "connect it to a stage that trains one (inputs: { images: …, teacher: train }), or name a file or folder in teacher.model",
    });
  }
  const files = filesOf(context.base, model);
  return MODEL_MARK in files ? { files } : { exported: modelPath(resolve(context.base, model)) };
}

/** Content of the model that the params name by its path: file → sha256. */
export async function modelIdentity(
  params: StudentTeacher,
  context: IdentityContext,
): Promise<Json | undefined> {
  if (params.model === undefined) return undefined;
  const files = Object.entries(filesOf(context.base, params.model));
  return Object.fromEntries(
    await Promise.all(files.map(async ([name, path]) => [name, await context.hashFile(path)] as const)),
  );
}

/** Name → absolute path of each file of a model. @throws StageError where there is none */
function filesOf(base: string, model: string): Record<string, string> {
  const path = modelPath(resolve(base, model));
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats?.isFile()) return { model: path };
  const names = stats?.isDirectory() ? readdirSync(path).sort() : [];
  const files = names
    .map((name) => [name, join(path, name)] as const)
    .filter(([, file]) => statSync(file).isFile());
  if (files.length > 0) return Object.fromEntries(files);
  throw new StageError(`there is no model ${path}`, {
    hint: "name a folder that train wrote (artifacts/latest/<pipeline>/<stage>) or what pipe export wrote; relative paths start at the pipeline file",
  });
}
