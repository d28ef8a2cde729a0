import { readdirSync, readFileSync } from "node:fs";
import { TASK_VARIABLE } from "../../contract/task.js";

/** Ids of all processes below one, as far as the system tells (Linux). */
export function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

/**
 * Ids of the processes that work for a task folder, whoever their parent is by now: its host and what that has started
 * carry the folder in their environment. None where the system does not show it (Linux does).
 */
export function processesOf(folder: string): number[] {
  const entry = `${TASK_VARIABLE}=${folder}`;
  return processIds().filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").includes(entry);
    } catch {
      // It has ended, or is another user's.
      return false;
    }
  });
}

function processIds(): number[] {
  try {
    return readdirSync("/proc").map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Sends a signal to processes, or to groups (negative); those that are gone are passed over. */
export function signal(pids: readonly number[], name: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      // It is gone already.
    }
  }
}
