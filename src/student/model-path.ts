import { existsSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

/** The file that makes a folder or an artifact a model of ours. */
export const MODEL_MARK = "student.json";

/** The folder of a model, ours or exported for tfjs, where the path names a file in it; any other path as it is. */
export function modelPath(path: string): string {
  if (!/\.(json|bin)$/.test(path) || !statSync(path, { throwIfNoEntry: false })?.isFile()) return path;
  const folder = dirname(path);
  return [MODEL_MARK, "model.json"].some((name) => existsSync(join(folder, name))) ? folder : path;
}
