import { spawn } from "node:child_process";
import { once } from "node:events";

/** Time between the request to end and the end by force, milliseconds. */
const GRACE = 5000;

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
  },
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  options.signal.throwIfAborted();
  const child = spawn("sh", ["-c", command], {
    cwd: options.cwd,
    env: options.env,
    detached: true,
    stdio: ["ignore", "inherit", "inherit"],
  });
  let force: NodeJS.Timeout | undefined;
  const stop = () => {
    killGroup(child.pid, "SIGTERM");
    force = setTimeout(() => killGroup(child.pid, "SIGKILL"), GRACE);
  };
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
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
