import childProcess from "node:child_process";
import fs, { readFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";

/** What happens at the chosen write. */
export type Death =
  /** The process dies before the write. */
  | "before"
  /** It dies after half of the bytes are written. */
  | "torn"
  /** It dies after the write. */
  | "after"
  /** Its parent dies before the write, and it lives on. */
  | "parent";

/** A write of one process of a run: the `nth` by its name. */
export interface WritePoint {
  /** "runner", or "host <stage>". */
  readonly process: string;
  /** What is called on what kind of path: "renameSync results/*.json". */
  readonly name: string;
  readonly nth: number;
}

/** Given to every process of a run in MORTAL. */
export interface MortalOptions {
  /** File to which each process adds, as lines of JSON, its pid, its write points, and what it kills. */
  readonly trace: string;
  readonly at?: WritePoint & { readonly death: Death };
}

/** Everything in node:fs by which the product writes, with the argument that is the path; fd: the path of that fd. */
const WRITES = {
  appendFileSync: 0,
  chmodSync: 0,
  copyFileSync: 1,
  fsyncSync: "fd",
  ftruncateSync: "fd",
  linkSync: 1,
  mkdirSync: 0,
  openSync: 0,
  renameSync: 1,
  rmSync: 0,
  symlinkSync: 1,
  writeFileSync: 0,
  writeSync: "fd",
  writevSync: "fd",
} as const;

type Call = (...args: unknown[]) => unknown;

/**
 * Loaded with --import before the program: names every write that the process makes, and ends it (or its parent) by
 * SIGKILL at the chosen one. Stage hosts that it starts are loaded so too.
 */
function install({ trace, at }: MortalOptions): void {
  let named: string | undefined;
  // A host that is started early has no task yet: it has one when it writes.
  const self = () => (named ??= processName());
  const table = fs as unknown as Record<string, Call>;
  const originals = new Map(Object.keys(WRITES).map((name) => [name, table[name] as Call]));
  const counts = new Map<string, number>();
  const paths = new Map<unknown, string>();
  const tell = (line: object) => fs.writeFileSync(trace, `${JSON.stringify(line)}\n`, { flag: "a" });
  // Some of node:fs is made of other parts of it: only the outermost call is a write of the program.
  let inside = false;
  tell({ pid: process.pid });

  const pathOf = (call: string, args: unknown[]): string => {
    const argument = WRITES[call as keyof typeof WRITES];
    return argument === "fd" ? (paths.get(args[0]) ?? "?") : String(args[argument]);
  };
  const outermost = (call: string, original: Call, args: unknown[]): unknown => {
    const opened = call === "openSync" ? String(args[0]) : undefined;
    const toWrite = typeof args[1] === "string" && /[wa+]/.test(args[1]);
    const name = `${call} ${pattern(pathOf(call, args))}`;
    const nth = (counts.get(name) ?? 0) + 1;
    // Standard output and error are no part of the store.
    const isPoint = opened === undefined ? typeof args[0] !== "number" || args[0] > 2 : toWrite;
    if (isPoint) counts.set(name, nth);
    if (isPoint && !at) tell({ process: self(), name, nth });
    const death =
      isPoint && at?.process === self() && at.name === name && at.nth === nth ? at.death : undefined;
    // Else a death that never came would look like one that did no harm.
    if (death !== undefined) tell({ killed: death === "parent" ? process.ppid : process.pid });
    if (death === "before") die(process.pid);
    if (death === "parent") die(process.ppid);
    if (death === "torn") {
      writeHalf(call, original, args);
      die(process.pid);
    }
    const result = original(...args);
    if (opened !== undefined) paths.set(result, opened);
    if (death === "after") die(process.pid);
    return result;
  };
  const guarded =
    (call: string, original: Call) =>
    (...args: unknown[]): unknown => {
      if (inside) return original(...args);
      inside = true;
      try {
        return outermost(call, original, args);
      } finally {
        inside = false;
      }
    };
  for (const [name, original] of originals) table[name] = guarded(name, original);

  const { spawn } = childProcess;
  childProcess.spawn = ((command: string, args: string[], options: { env?: NodeJS.ProcessEnv }) => {
    if (command !== process.execPath || !args[0]?.endsWith("/host/main.js"))
      return spawn(command, args, options);
    const env = { ...options.env, MORTAL: process.env.MORTAL };
    return spawn(command, ["--import", import.meta.url, ...args], { ...options, env });
  }) as typeof spawn;
  syncBuiltinESMExports();
}

/** SIGKILL; for itself it does not return. */
function die(pid: number): void {
  process.kill(pid, "SIGKILL");
  if (pid === process.pid) for (;;) {}
}

function writeHalf(call: string, original: Call, args: unknown[]): void {
  const half = (value: unknown) => {
    const bytes = Buffer.from(value as Uint8Array | string);
    return bytes.subarray(0, bytes.length >> 1);
  };
  if (call === "writevSync") original(args[0], [half(Buffer.concat(args[1] as Uint8Array[]))]);
  else if (call !== "copyFileSync") original(args[0], half(args[1]), ...args.slice(2, 3));
  else {
    original(...args);
    const path = String(args[1]);
    fs.truncateSync(path, fs.statSync(path).size >> 1);
  }
}

function processName(): string {
  const [, script = "", folder = ""] = process.argv;
  if (!script.endsWith("/host/main.js")) return "runner";
  const task = JSON.parse(readFileSync(join(folder, "task.json"), "utf8")) as { stage: string };
  return `host ${task.stage}`;
}

/** A path below the store, without what differs from run to run. */
function pattern(path: string): string {
  const below = /\/artifacts(\/.*)?$/.exec(path);
  return (below ? (below[1] ?? "/") : path.replace(/^.*\//, "elsewhere/"))
    .replace(/^\//, "")
    .replace(/[0-9a-f]{64}/g, "HASH")
    .replace(/\/plan\.\w{6}/, "/plan.TMP")
    .replace(/store\/[0-9a-f]{2}(?=\/|$)/, "store/XX")
    .replace(/\/[0-9a-f]{62}$/, "/REST")
    .replace(/\d{8}T\d{6}-[0-9a-f]{6}/g, "RUN")
    .replace(/(?<=^latest\/[^/]+\/(\.versions\/|\.state\/)?)[a-z]+(?=[./]|$)/, "STAGE")
    .replace(/(?<=\/logs\/)[a-z]+(?=\.log)/, "STAGE")
    .replace(/\.tmp-\d+-[0-9a-f]+/g, ".tmp")
    .replace(/\.tmp-\d+/g, ".tmp")
    .replace(/(?<=\/events\.out\.tfevents\.).*/, "TIME")
    .replace(/[0-9a-f]{16}/g, "NAME");
}

if (isMainThread) install(JSON.parse(process.env.MORTAL as string) as MortalOptions);
