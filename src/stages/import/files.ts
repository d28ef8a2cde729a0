import { statSync } from "node:fs";
import { resolve } from "node:path";
import glob from "fast-glob";
import type { IdentityContext } from "../../contract/kind.js";
import { StageError } from "../../contract/stage.js";
import { sha256 } from "../../core/hash.js";
import type { Params } from "./schema.js";

/** Relative paths of the data files, sorted by code unit. @throws StageError where there are none */
export async function dataFiles(base: string, { path, patterns }: Params): Promise<readonly string[]> {
  const root = resolve(base, path);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new StageError(`the import's path ${path} is no folder`, {
      class: "no-folder",
      hint: "a relative path starts at the folder of the pipeline file",
    });
  }
  const names = await glob([...patterns], { cwd: root, caseSensitiveMatch: false });
  if (names.length > 0) return names.sort();
  throw new StageError(`no file in ${path} fits ${patterns.join(" or ")}`, {
    class: "no-files",
    hint: "name the folder of the .pkl files, or say with `patterns` what they are called",
  });
}

/** The data files by path and content, as one hash, and the file of tags. */
export async function identityOf({ with: params, base, hashFile }: IdentityContext) {
  const { path, tags } = params as Params;
  const lines: string[] = [];
  for (const name of await dataFiles(base, params as Params)) {
    lines.push(`${JSON.stringify(name)} ${await hashFile(resolve(base, path, name))}\n`);
  }
  try {
    // The names of what changed stand in the reason to run: "a data file has changed".
    return {
      "a data file": sha256(`import/1\n${lines.join("")}`),
      "the file of tags": await hashFile(resolve(base, tags)),
    };
  } catch (error) {
    throw new StageError(`the file of tags ${tags} cannot be read: ${(error as Error).message}`, {
      hint: "keras-distillation calls it tag_index.json; it stands beside its programs",
    });
  }
}
