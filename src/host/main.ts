import { join } from "node:path";
import type { ItemModule, StageModule } from "../contract/stage.js";
import { StageError } from "../contract/stage.js";
import { type HostFailure, type HostResult, TASK_FILES, type Task } from "../contract/task.js";
import { writeFileAtomic } from "../core/files.js";
import { createContext, HostEvents, readTask, takeSecrets } from "./context.js";
import { runItems } from "./items.js";
import { runWhole } from "./whole.js";

/** How often the host looks whether the runner that started it is still there, milliseconds. */
const PARENT_EVERY = 1000;

/** The stage host: `node host/main.js <task folder> [--parent <pid>]`. Exit 0 whenever result.json was written. */
async function main(): Promise<void> {
  const folder = process.argv[2] as string;
  const task = readTask(folder);
  const events = new HostEvents(join(folder, TASK_FILES.events));
  const abort = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => abort.abort());
  const endWithParent = () => {
    if (task.parent !== undefined && process.ppid !== task.parent) abort.abort();
  };
  // At once, too: who takes over from a dead runner must not meet a host that is only about to begin.
  endWithParent();
  setInterval(endWithParent, PARENT_EVERY).unref();
  let result: HostResult;
  try {
    result = await execute(task, folder, events, abort.signal);
    if (abort.signal.aborted) result = { protocol: 1, status: "interrupted" };
  } catch (error) {
    result = abort.signal.aborted
      ? { protocol: 1, status: "interrupted" }
      : { protocol: 1, status: "failed", error: describe(error) };
    if (result.status === "failed") console.error(error instanceof StageError ? error.message : error);
  }
  events.flush();
  writeFileAtomic(join(folder, TASK_FILES.result), JSON.stringify(result));
  // A stage may leave handles open (a pool, a native thread): its result is written, so nothing is waited for.
  process.exit(0);
}

async function execute(
  task: Task,
  folder: string,
  events: HostEvents,
  signal: AbortSignal,
): Promise<HostResult> {
  const context = createContext(task, events, takeSecrets(task.secrets), signal);
  signal.throwIfAborted();
  const module = (await import(task.module)) as { stage?: StageModule; items?: ItemModule };
  if (task.mode === "whole") {
    if (!module.stage) throw new Error(`${task.kind}: its module exports no \`stage\``);
    return runWhole(module.stage, context, folder, task);
  }
  if (!module.items) throw new Error(`${task.kind}: its module exports no \`items\``);
  await runItems(module.items, context, folder, task.total ?? 0, task.columns ?? []);
  return { protocol: 1, status: "ok", outputs: {}, metrics: {}, memo: [] };
}

function describe(error: unknown): HostFailure {
  if (error instanceof StageError) return { message: error.message, ...error.options };
  if (error instanceof Error)
    return { message: error.message, ...(error.stack ? { stack: error.stack } : {}) };
  return { message: String(error) };
}

await main();
