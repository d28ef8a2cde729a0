import { constants, copyFileSync, mkdirSync, statSync } from "node:fs";
import { dirname, isAbsolute, join, normalize } from "node:path";
import glob from "fast-glob";
import { StageError } from "../../contract/stage.js";

/**
 * Checks that every declared output is there, and copies those that the command left in the working folder rather
 * than in $OUTPUT; their paths in the artifact are the same. A folder stands for all files in it.
 *
 * @throws StageError for an output that is missing or lies outside the working folder
 */
export async function collectOutputs(
  declared: readonly string[],
  base: string,
  output: string,
): Promise<void> {
  const missing: string[] = [];
  for (const pattern of declared) {
    if (isAbsolute(pattern) || normalize(pattern).startsWith("..")) {
      throw new StageError(`the output ${pattern} is outside the working folder`, {
        hint: "name outputs relative to the pipeline file's folder, or write them to $OUTPUT",
      });
    }
    if ((await find(pattern, output)).length > 0) continue;
    const found = await find(pattern, base);
    if (found.length === 0) missing.push(pattern);
    for (const path of found) {
      const target = join(output, path);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(base, path), target, constants.COPYFILE_FICLONE);
    }
  }
  if (missing.length > 0) {
    throw new StageError(`the command ended well but did not leave ${missing.join(", ")}`, {
      hint: "outputs are looked for in $OUTPUT, then in the pipeline file's folder",
    });
  }
}

/** The files that a path or pattern stands for, relative to the folder, sorted by code unit. */
async function find(pattern: string, folder: string): Promise<string[]> {
  const path = normalize(pattern).replace(/\/+$/, "");
  const named = statSync(join(folder, path), { throwIfNoEntry: false });
  if (named?.isFile()) return [path];
  const options = { cwd: folder, onlyFiles: true, dot: true, followSymbolicLinks: false };
  return (await glob(named?.isDirectory() ? `${glob.escapePath(path)}/**` : pattern, options)).sort();
}
