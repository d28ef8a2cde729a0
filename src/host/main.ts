import { existsSync } from "node:fs";
import { join } from "node:path";
import { finished } from "node:stream/promises";
import type { BaseContext, ItemModule, StageModule } from "../contract/stage.js";
import { type HostResult, NO_RESULT, TASK_FILES, type Task } from "../contract/task.js";
import { describeError } from "../core/errors.js";
import { writeFileAtomic } from "../core/files.js";
import { createContext, HostEvents, readTask, takeSecrets } from "./context.js";
import { runItems } from "./items.js";
import { openPaid } from "./paid.js";
import { Redactor } from "./redact.js";
import { runWhole } from "./whole.js";

/** How often the host looks whether the runner that started it is still there, milliseconds. */
const PARENT_EVERY = 1000;

/**
 * The stage host: `node host/main.js <task folder> [<module> …]`. Exit 0 whenever result.json was written. Modules are
 * given where the host is started before its task is written: it loads them, and looks for the task when its
 * input ends. No task by then means that there is nothing to do, or nobody left who wants it.
 */
async function main(): Promise<void> {
  const [folder, ...early] = process.argv.slice(2) as [string, ...string[]];
  if (early.length > 0 && !(await isWanted(folder, early))) return;
  const task = readTask(folder);
  const secrets = takeSecrets(task.secrets);
  const redactor = new Redactor(secrets.values());
  const flushes = [process.stdout, process.stderr].map((stream) => redactor.guard(stream));
  const events = new HostEvents(join(folder, TASK_FILES.events), redactor);
  const abort = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.on(name, () => abort.abort());
  const endWithParent = () => {
    if (task.parent !== undefined && process.ppid !== task.parent) abort.abort();
  };
  // At once, too: who takes over from a dead runner must not meet a host that is only about to begin.
  endWithParent();
  setInterval(endWithParent, PARENT_EVERY).unref();
  // A stage may leave handles open (a pool, a native thread): its result is written, so nothing is waited for.
  const end = (result: HostResult): never => {
    events.flush();
    for (const flush of flushes) flush();
    const text = JSON.stringify(redactor.json(result));
    try {
      writeFileAtomic(join(folder, TASK_FILES.result), text);
    } catch (error) {
      console.error((error as Error).message);
      process.exit(NO_RESULT);
    }
    process.exit(0);
  };
  const fail = (error: unknown): never => {
    if (abort.signal.aborted) return end({ protocol: 1, status: "interrupted" });
    const failure = describeError(error);
    console.error(failure.stack === undefined ? failure.message : error);
    return end({ protocol: 1, status: "failed", error: failure });
  };
  // What a stage throws from a callback of its own.
  process.once("uncaughtException", fail);
  try {
    abort.signal.throwIfAborted();
    const { ledger } = task;
    const paid = ledger === undefined ? undefined : openPaid(task.store, ledger, folder, redactor);
    const context = createContext(task, events, secrets, abort.signal, paid);
    const result = await execute(task, folder, context, redactor);
    end(abort.signal.aborted ? { protocol: 1, status: "interrupted" } : result);
  } catch (error) {
    fail(error);
  }
}

async function isWanted(folder: string, modules: readonly string[]): Promise<boolean> {
  // What is wrong with one is said when the task wants it.
  for (const module of modules) import(module).catch(() => {});
  await finished(process.stdin.resume());
  return existsSync(join(folder, TASK_FILES.task));
}

async function execute(
  task: Task,
  folder: string,
  context: BaseContext,
  redactor: Redactor,
): Promise<HostResult> {
  const module = (await import(task.module)) as { stage?: StageModule; items?: ItemModule };
  if (task.mode === "whole") {
    if (!module.stage) throw new Error(`${task.kind}: its module exports no \`stage\``);
    return runWhole(module.stage, context, folder, task);
  }
  if (!module.items) throw new Error(`${task.kind}: its module exports no \`items\``);
  await runItems(module.items, context, folder, task.total ?? 0, task.columns ?? [], redactor);
  return { protocol: 1, status: "ok", outputs: {}, metrics: {}, memo: [] };
}

await main();
