import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Executor, Exit, Job, RunningJob } from "./executor.js";

const HOST = fileURLToPath(new URL("../../host/main.js", import.meta.url));
const MEMORY_EVERY = 500;

/** Runs each stage host as a child process in a process group of its own. */
export const localExecutor: Executor = {
  name: "local",
  start(job: Job): RunningJob {
    mkdirSync(dirname(job.logFile), { recursive: true });
    const log = openSync(job.logFile, "a");
    // Its own group: Ctrl-C reaches the runner alone, which then asks the host to stop.
    const child = spawn(process.execPath, [HOST, job.folder], {
      env: job.env,
      stdio: ["ignore", log, log],
      detached: true,
    });
    closeSync(log);
    let overMemory = false;
    const kill = () => {
      if (child.pid === undefined) return;
      // A command that the stage started in a group of its own would outlive its host.
      for (const pid of [...descendants(child.pid), -child.pid]) {
        try {
          process.kill(pid, "SIGKILL");
        } catch {
          // It is gone already.
        }
      }
    };
    const watch = setInterval(() => {
      if (job.memoryMiB === undefined || residentMiB(child.pid) <= job.memoryMiB) return;
      overMemory = true;
      kill();
    }, MEMORY_EVERY);
    const done = new Promise<Exit>((resolve) => {
      child.once("error", (error) => resolve({ kind: "not-started", message: error.message }));
      child.once("exit", (code, signal) => {
        if (overMemory) resolve({ kind: "out-of-memory", memoryMiB: job.memoryMiB ?? 0 });
        else if (signal) resolve({ kind: "signalled", signal });
        else resolve({ kind: "exited", code: code ?? 0 });
      });
    }).finally(() => clearInterval(watch));
    return {
      done,
      interrupt: () => void child.kill("SIGTERM"),
      kill,
    };
  },
};

/** Ids of all processes below one, as far as the system tells (Linux). */
function descendants(pid: number): number[] {
  try {
    const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
    );
    return children.flatMap((child) => [child, ...descendants(child)]);
  } catch {
    return [];
  }
}

/** Resident memory of a process in MiB; 0 where the system does not say. */
function residentMiB(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
