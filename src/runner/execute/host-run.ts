import { closeSync, existsSync, openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { type HostEvent, type HostResult, NO_RESULT, TASK_FILES } from "../../contract/task.js";
import type { Exit, RunningJob } from "./executor.js";

/** How often the events of a running host are read, milliseconds. */
const FOLLOW_EVERY = 150;
/** How long an interrupted host may take to finish what it has in hand, milliseconds. */
const GRACE = 10_000;

export interface HostControl {
  readonly signal: AbortSignal;
  readonly kill: AbortSignal;
  readonly timeoutMs?: number;
  readonly onEvent: (event: HostEvent) => void;
}

/** Follows a stage host that runs over its task folder to its end, whatever that is. */
export async function runHost(
  running: RunningJob,
  folder: string,
  control: HostControl,
): Promise<HostResult> {
  let timedOut = false;
  const timers: NodeJS.Timeout[] = [];
  const kill = () => running.kill();
  const interrupt = () => {
    running.interrupt();
    timers.push(setTimeout(kill, GRACE));
  };
  if (control.timeoutMs !== undefined) {
    const expire = () => {
      timedOut = true;
      interrupt();
    };
    timers.push(setTimeout(expire, control.timeoutMs));
  }
  control.signal.addEventListener("abort", interrupt, { once: true });
  control.kill.addEventListener("abort", kill, { once: true });
  if (control.signal.aborted) interrupt();
  const follower = new EventFollower(join(folder, TASK_FILES.events), control.onEvent);
  const follow = setInterval(() => follower.read(), FOLLOW_EVERY);
  try {
    const exit = await running.done;
    follower.read();
    const result = readResult(folder);
    if (timedOut && result?.status !== "ok") return timeout(control.timeoutMs ?? 0);
    if (result) return result;
    if (control.signal.aborted || control.kill.aborted) return { protocol: 1, status: "interrupted" };
    return died(exit);
  } finally {
    clearInterval(follow);
    timers.forEach(clearTimeout);
    control.signal.removeEventListener("abort", interrupt);
    control.kill.removeEventListener("abort", kill);
  }
}

function readResult(folder: string): HostResult | undefined {
  const path = join(folder, TASK_FILES.result);
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as HostResult) : undefined;
}

function failed(message: string, hint: string): HostResult {
  return { protocol: 1, status: "failed", error: { message, hint } };
}

function timeout(limit: number): HostResult {
  return failed(
    `it ran longer than its timeout of ${limit / 1000} s`,
    "raise `timeout`; what it had finished (items, snapshots of a training) is kept and not done again",
  );
}

const SIGNALS: Readonly<Record<string, string>> = {
  SIGKILL: "if nobody killed it, the machine ran out of memory: try fewer `resources.cpus`",
  SIGABRT: "JavaScript's heap was full, or native code gave up: the end of its log says which",
};

function died(exit: Exit): HostResult {
  switch (exit.kind) {
    case "exited":
      // What Node says of a main module whose promise nothing can settle any more.
      if (exit.code === 13) {
        return failed(
          "it waited for something that never came: a promise that nothing could settle any more",
          "look for a callback or event that is never called",
        );
      }
      if (exit.code === NO_RESULT) {
        return failed(
          "it could not write its result",
          "the disk or its table of files is full: df -h and df -i tell which; what is finished is kept",
        );
      }
      return failed(
        `its process ended with exit code ${exit.code} and without a result`,
        "the end of its log may say why",
      );
    case "signalled":
      return failed(
        `its process was ended by ${exit.signal}`,
        SIGNALS[exit.signal] ?? "a crash in native code: the end of its log may say where",
      );
    case "out-of-memory":
      return failed(
        `its process used more than the ${exit.memoryMiB} MiB that \`resources.memory\` allows`,
        "raise `resources.memory`, or lower the batch size",
      );
    case "not-started":
      return failed(`its process could not be started: ${exit.message}`, "is the machine out of processes?");
  }
}

/** Reads the lines that were added to an events file since the last look. */
class EventFollower {
  private offset = 0;
  private rest = "";
  private readonly decoder = new StringDecoder("utf8");

  constructor(
    private readonly path: string,
    private readonly onEvent: (event: HostEvent) => void,
  ) {}

  read(): void {
    if (!existsSync(this.path)) return;
    const fd = openSync(this.path, "r");
    try {
      const buffer = Buffer.alloc(64 * 1024);
      for (;;) {
        const got = readSync(fd, buffer, 0, buffer.length, this.offset);
        if (got === 0) break;
        this.offset += got;
        this.rest += this.decoder.write(buffer.subarray(0, got));
      }
    } finally {
      closeSync(fd);
    }
    const lines = this.rest.split("\n");
    this.rest = lines.pop() ?? "";
    for (const line of lines) this.onEvent(JSON.parse(line) as HostEvent);
  }
}
