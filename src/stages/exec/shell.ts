import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

/** Time between the request to end and the end by force, milliseconds. */
const GRACE = 5000;
/** Time in which the last output of a shell that has ended arrives, milliseconds. */
const DRAIN = 1000;

/**
 * Runs `sh -c` in a process group of its own; its output goes where the host's goes. When the signal is aborted the
 * whole group gets SIGTERM, and SIGKILL after 5 s.
 */
export async function runShell(
  command: string,
  options: {
    readonly cwd: string;
    readonly env: Readonly<Record<string, string>>;
    readonly signal: AbortSignal;
    /** Its output goes through the host, which takes secrets out of it. */
    readonly guarded: boolean;
  },
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  options.signal.throwIfAborted();
  const child = spawn("sh", ["-c", command], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: options.guarded ? ["ignore", "pipe", "pipe"] : ["ignore", "inherit", "inherit"],
  });
  child.stdout?.on("data", (bytes) => process.stdout.write(bytes));
  child.stderr?.on("data", (bytes) => process.stderr.write(bytes));
  const printed = new Promise((resolve) => child.once("close", resolve));
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    killGroup(child.pid, "SIGTERM");
    force = setTimeout(() => killGroup(child.pid, "SIGKILL"), GRACE);
  };
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    // What it started in the background may hold its output open for ever.
    if (options.guarded) await Promise.race([printed, sleep(DRAIN)]);
    // The shell is gone; a child it left behind must not outlive an interrupted stage.
    if (options.signal.aborted) killGroup(child.pid, "SIGKILL");
    options.signal.throwIfAborted();
    return { code, signal };
  } finally {
    clearTimeout(force);
    options.signal.removeEventListener("abort", stop);
  }
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
