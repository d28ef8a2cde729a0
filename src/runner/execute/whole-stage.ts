import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StageError } from "../../contract/stage.js";
import { type HostResult, TASK_FILES } from "../../contract/task.js";
import { writeFileAtomic } from "../../core/files.js";
import { isSha256 } from "../../core/layout.js";
import type { ArtifactRef } from "../plan/plan.js";
import type { TreeEntry } from "../store/trees.js";
import { runHost } from "./host-run.js";
import { endOrphans } from "./orphans.js";
import { previousOf } from "./previous.js";
import {
  baseTask,
  hostControl,
  hostJob,
  type Made,
  type StageEnv,
  StageStopped,
  taskName,
} from "./stage-env.js";

/** Runs a whole stage in one host and takes its output into the store. @throws StageStopped */
export async function runWholeStage(env: StageEnv): Promise<Made> {
  const { store } = env.options;
  await endOrphans(store, `stage-${env.fingerprint}`);
  const folder = store.taskDir(taskName(env, `stage-${env.fingerprint}`, 0));
  mkdirSync(folder, { recursive: true });
  try {
    const task = { ...baseTask(env, "whole"), previous: previousOf(env) };
    writeFileAtomic(join(folder, TASK_FILES.task), JSON.stringify(task));
    const result = await runHost(env.executor.start(hostJob(env, folder)), folder, {
      ...hostControl(env),
      onEvent: env.onEvent,
    });
    if (result.status !== "ok") throw new StageStopped(result);
    env.onWorked();
    const outputs = await ingestOutputs(env, folder, result);
    return { outputs, metrics: result.metrics, items: null, transientFailures: 0 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function ingestOutputs(
  env: StageEnv,
  folder: string,
  result: Extract<HostResult, { status: "ok" }>,
): Promise<Record<string, ArtifactRef>> {
  const { store } = env.options;
  const outputs: Record<string, ArtifactRef> = {};
  for (const { name: port } of env.stage.kind.outputs) {
    const entries = new Map<string, TreeEntry>();
    const described = new Map((result.outputs[port] ?? []).map((file) => [file.path, file]));
    const folderOfPort = join(folder, TASK_FILES.out, port);
    let rows: number | undefined;
    for (const path of filesBelow(folderOfPort)) {
      const { hash, bytes } = await store.blobs.ingestFile(join(folderOfPort, path));
      const file = described.get(path);
      const table = file && "table" in file ? file.table : undefined;
      entries.set(path, { blob: hash, bytes, ...(table ? { table } : {}) });
      if (path === `${port}.parquet`) rows = table?.rows;
    }
    for (const file of described.values()) {
      if (!("blob" in file) || entries.has(file.path)) continue;
      if (!isSha256(file.blob)) throw new StageError(`its output ${file.path} names no blob: ${file.blob}`);
      entries.set(file.path, { blob: file.blob, bytes: store.blobs.size(file.blob) });
    }
    for (const path of described.keys()) {
      if (!entries.has(path))
        throw new StageError(`it announced the output file ${path} but did not write it`);
    }
    const tree = store.trees.put(Object.fromEntries(entries));
    outputs[port] = { hash: tree.hash, bytes: tree.bytes, ...(rows === undefined ? {} : { rows }) };
    for (const memo of result.memo) {
      const entry = memo.port === port ? entries.get(memo.path) : undefined;
      if (entry) store.memo.put(env.stage.kind.name, memo.key, entry.blob);
    }
  }
  return outputs;
}

/** Relative paths of all regular files below a folder, sorted; a link or device in an output is refused. */
function filesBelow(folder: string, prefix = ""): string[] {
  if (!existsSync(folder)) return [];
  const entries = readdirSync(join(folder, prefix), { withFileTypes: true });
  const paths = entries.flatMap((entry) => {
    const path = prefix === "" ? entry.name : `${prefix}/${entry.name}`;
    if (path.includes("\ufffd")) {
      throw new StageError(`the name of its output ${path} is no valid UTF-8`, {
        hint: "give it another name",
      });
    }
    if (entry.isDirectory()) return filesBelow(folder, path);
    if (entry.isFile()) return [path];
    throw new StageError(`its output ${path} is neither a file nor a folder`, {
      hint: "write a copy: links and devices cannot be kept in the store",
    });
  });
  return paths.sort();
}
