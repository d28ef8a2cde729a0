import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import type { Executor, Exit, Job, RunningJob } from "./executor.js";
import { descendants, processesOf, signal } from "./processes.js";

const HOST = fileURLToPath(new URL("../../host/main.js", import.meta.url));
const MEMORY_EVERY = 500;

/** Runs each stage host as a child process in a process group of its own. */
export const localExecutor: Executor = {
  name: "local",
  start: (job) => follow(launch(job), job),
  startEarly(job, modules) {
    // The end of its input tells the host to look for its task: also when this process dies.
    const child = launch(job, modules);
    const running = follow(child, job);
    // It may be dead by then; the end of its process says so.
    child.stdin?.on("error", () => {});
    const say = () => void child.stdin?.end();
    return {
      begin: () => {
        say();
        return running;
      },
      dismiss: say,
    };
  },
};

function launch(job: Job, early: readonly string[] = []): ChildProcess {
  mkdirSync(dirname(job.logFile), { recursive: true });
  const log = openSync(job.logFile, "a");
  try {
    // Its own group: Ctrl-C reaches the runner alone, which then asks the host to stop.
    return spawn(process.execPath, [HOST, job.folder, ...early], {
      env: job.env,
      stdio: [early.length === 0 ? "ignore" : "pipe", log, log],
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

function follow(child: ChildProcess, job: Job): RunningJob {
  let overMemory = false;
  const kill = () => {
    if (child.pid === undefined) return;
    const others = [...descendants(child.pid), ...processesOf(job.folder)];
    signal([...others, -child.pid], "SIGKILL");
  };
  const watch = setInterval(() => {
    if (job.memoryMiB === undefined || residentBelow(child.pid) <= job.memoryMiB) return;
    overMemory = true;
    kill();
  }, MEMORY_EVERY);
  const done = new Promise<Exit>((resolve) => {
    child.once("error", (error) => resolve({ kind: "not-started", message: error.message }));
    child.once("exit", (code, by) => {
      // Killed from outside, it leaves what it had started: its command would write on.
      if (by) kill();
      if (overMemory) resolve({ kind: "out-of-memory", memoryMiB: job.memoryMiB ?? 0 });
      else if (by) resolve({ kind: "signalled", signal: by });
      else resolve({ kind: "exited", code: code ?? 0 });
    });
  }).finally(() => clearInterval(watch));
  return { done, interrupt: () => void child.kill("SIGTERM"), kill };
}

/** Resident memory of a process and all below it, in MiB: a command's memory is its stage's. */
function residentBelow(pid: number | undefined): number {
  if (pid === undefined) return 0;
  return [pid, ...descendants(pid)].reduce((sum, each) => sum + residentMiB(each), 0);
}

/** Resident memory of a process in MiB; 0 where the system does not say. */
function residentMiB(pid: number): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1024;
  } catch {
    return 0;
  }
}
