import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { namesIn } from "../store/paths.js";
import type { Store } from "../store/store.js";
import { runOfTask } from "../store/task-folders.js";
import { processesOf, signal } from "./processes.js";

/** How long a host may take to finish what it has in hand, milliseconds. */
const GRACE = 10_000;
const POLL = 20;

/**
 * Ends the hosts that dead runs have left at work on the same thing (`<what>.…`), so that two never write one snapshot
 * folder or fight over a task folder. They end by themselves within a second or two; this waits for it, and at last
 * uses force.
 */
export async function endOrphans(store: Store, what: string): Promise<void> {
  const abandoned = namesIn(store.tasksDir())
    .filter((name) => name.startsWith(`${what}.`) && !store.leases.isLive(runOfTask(name) ?? ""))
    .map((name) => join(store.tasksDir(), name));
  for (const folder of abandoned) await endHosts(folder);
}

/** Ends what is at work in a task folder, which nobody waits for any more. */
export async function endHosts(folder: string): Promise<void> {
  const orphans = () => processesOf(folder);
  signal(orphans(), "SIGTERM");
  const since = performance.now();
  for (let waited = 0; orphans().length > 0 && waited < 2 * GRACE; waited = performance.now() - since) {
    if (waited > GRACE) signal(orphans(), "SIGKILL");
    await sleep(POLL);
  }
}
