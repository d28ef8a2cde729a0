import { readdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { UsageError } from "./errors.js";

/**
 * Makes sure that a file or a folder can be written where the user wants it. A file that is there may be replaced, a folder
 * only if it is empty.
 *
 * @throws UsageError where something else stands there, or a file where a folder above it has to be
 */
export function checkTarget(target: string, wanted: "file" | "folder"): void {
  const found = statOf(target);
  if (wanted === "file" && found?.isDirectory()) {
    throw new UsageError(`${target} is a folder`, `name the file in it that is to be written: ${target}/…`);
  }
  if (wanted === "folder" && found && !(found.isDirectory() && readdirSync(target).length === 0)) {
    throw new UsageError(`${target} is there already`, "name a folder that does not exist, or an empty one");
  }
  let above = dirname(target);
  while (!statOf(above)) above = dirname(above);
  if (statOf(above)?.isDirectory()) return;
  throw new UsageError(
    `${target} cannot be written: ${above} is a file`,
    "name a path that leads through folders alone",
  );
}

/** What stands at a path; undefined also where a file stands above it. */
function statOf(path: string) {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
    throw error;
  }
}
