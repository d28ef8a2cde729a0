import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { BaseContext, StageModule } from "../contract/stage.js";
import { type HostResult, TASK_FILES, type Task } from "../contract/task.js";
import { isSha256, loosePath, memoPath } from "../core/layout.js";

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
      const path = join(folder, TASK_FILES.out, port);
      mkdirSync(path, { recursive: true });
      return path;
    },
    memo: {
      get: (key) => rememberedBlob(task, key),
      set: (key, port, path) => void memo.push({ key, port, path }),
    },
  });
  return {
    protocol: 1,
    status: "ok",
    outputs: result.outputs ?? {},
    metrics: result.metrics ?? {},
    memo,
  };
}

/** The blob remembered under a key, if the store still holds it as a file. */
function rememberedBlob(task: Task, key: string): string | undefined {
  const path = memoPath(task.store, task.kind, key);
  if (!existsSync(path)) return undefined;
  const blob = readFileSync(path, "utf8").trim();
  return isSha256(blob) && existsSync(loosePath(task.store, blob)) ? blob : undefined;
}
