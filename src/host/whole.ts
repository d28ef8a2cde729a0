import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type BaseContext, type Previous, StageError, type StageModule } from "../contract/stage.js";
import { type HostResult, TASK_FILES, type Task, type TaskFile } from "../contract/task.js";
import { isIntact } from "../core/blobs.js";
import { recall } from "../core/memo.js";
import type { Earlier } from "../core/tables/parts.js";

/** Runs a whole stage and describes what it made. */
export async function runWhole(
  module: StageModule,
  base: BaseContext,
  folder: string,
  task: Task,
): Promise<HostResult> {
  const memo: { key: string; port: string; path: string }[] = [];
  const result = await module.run({
    ...base,
    outDir(port) {
      checkPort(task, port);
      const path = join(folder, TASK_FILES.out, port);
      mkdirSync(path, { recursive: true });
      return path;
    },
    memo: {
      get: (key) => recall(task.store, task.kind, key),
      set: (key, port, path) => void memo.push({ key, port, path }),
    },
    previous: previousOf(task),
  });
  const outputs = result.outputs ?? {};
  for (const [port, files] of Object.entries(outputs)) {
    checkPort(task, port);
    if (Array.isArray(files) && files.every((file) => typeof file?.path === "string")) continue;
    throw new StageError(`what the stage gave for its output \`${port}\` is no list of files`, {
      hint: 'files in context.outDir("…") need not be listed; tables are listed as { path, table }',
    });
  }
  return {
    protocol: 1,
    status: "ok",
    outputs,
    metrics: result.metrics ?? {},
    memo,
  };
}

/** What a task tells of the stage's last result; a file's bytes are looked at once. */
function previousOf({ previous }: Task): Previous {
  const intact = new Map<string, boolean>();
  const checked = (found: TaskFile | undefined): TaskFile | undefined => {
    if (!found) return undefined;
    if (!intact.has(found.blob)) intact.set(found.blob, isIntact(found.path, found.blob));
    return intact.get(found.blob) ? found : undefined;
  };
  const find = (port: string, name: string) => checked(previous?.files[port]?.[name]);
  const tableOf = ({ path, table }: Partial<TaskFile> = {}): Earlier | undefined =>
    path !== undefined && table ? { path, table } : undefined;
  const inputs = Object.entries(previous?.inputs ?? {});
  return {
    table: (port, name) => tableOf(find(port, name)),
    file: (port, name) => find(port, name)?.path,
    inputs: Object.fromEntries(inputs.map(([port, { hash }]) => [port, hash])),
    input: (port) => tableOf(checked(previous?.inputs[port]?.file)),
    changed: (port) => previous?.changed[port],
  };
}

/** What went to a port that is not there would be lost without a word, and its name becomes part of a path. */
function checkPort(task: Task, port: string): void {
  if (task.outputs.includes(port)) return;
  throw new StageError(`the stage has no output port ${JSON.stringify(port)}`, {
    hint: `it has: ${task.outputs.join(", ")}`,
  });
}
