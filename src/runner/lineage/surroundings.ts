import { execFile } from "node:child_process";
import { availableParallelism, totalmem } from "node:os";
import type { RunRecord } from "./record.js";

export function machine(): RunRecord["machine"] {
  return {
    platform: `${process.platform}-${process.arch}`,
    cpus: availableParallelism(),
    memoryBytes: totalmem(),
    node: process.versions.node,
  };
}

/** Commit, branch and cleanness of the folder's work tree; null outside git, or where git takes over two seconds. */
export function gitState(folder: string): Promise<RunRecord["git"]> {
  const args = ["status", "--porcelain=v2", "--branch", "--untracked-files=no"];
  return new Promise((resolve) => {
    execFile("git", args, { cwd: folder, timeout: 2000, maxBuffer: 1 << 26 }, (error, stdout) => {
      const commit = /^# branch\.oid ([0-9a-f]+)$/m.exec(stdout)?.[1];
      const branch = /^# branch\.head (.+)$/m.exec(stdout)?.[1];
      if (error || commit === undefined || branch === undefined) return resolve(null);
      resolve({ commit, branch, dirty: /^[12u] /m.test(stdout) });
    });
  });
}
