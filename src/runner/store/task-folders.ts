import { basename, join } from "node:path";
import { namesIn } from "./paths.js";

/** Task folders of a space, by the beginning of their names. */
export function taskFolders(tasks: string, space: string): string[] {
  return namesIn(tasks)
    .filter((name) => name.startsWith(`items-${space}.`))
    .map((name) => join(tasks, name));
}

/** The run that a task folder belongs to: the second part of `<what>.<run id>.<attempt>`. */
export function runOfTask(task: string): string | undefined {
  return basename(task).split(".")[1];
}
