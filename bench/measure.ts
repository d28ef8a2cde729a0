import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The repository's root, from dist/bench. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));
export const PIPE = [process.execPath, `${ROOT}/bin/pipe.js`];

/** A command that is timed as a whole process. */
export interface Timed {
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Brings about the state that is measured, untimed. */
  readonly before?: () => void;
}

export interface Timing {
  readonly name: string;
  /** Wall times, seconds, ascending. */
  readonly seconds: readonly number[];
}

/** Runs a command to its end; a failure ends the benchmark with what it printed. */
export function mustRun(command: readonly string[], cwd: string, env: Record<string, string> = {}): string {
  const [file = "", ...args] = command;
  const done = spawnSync(file, args, {
    cwd,
    env: { ...process.env, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  if (done.status === 0) return done.stdout;
  throw new Error(
    `${command.join(" ")} ended with ${done.status ?? done.signal}\n${done.stdout}\n${done.stderr}`,
  );
}

/** Times commands in turn, A B A B …, after one uncounted round. */
export function measure(commands: readonly Timed[], runs: number): Timing[] {
  const seconds = commands.map(() => [] as number[]);
  for (let run = -1; run < runs; run++) {
    commands.forEach(({ command, cwd, env, before }, i) => {
      before?.();
      const start = performance.now();
      mustRun(command, cwd, env);
      if (run >= 0) seconds[i]?.push((performance.now() - start) / 1000);
    });
  }
  return commands.map(({ name }, i) => ({ name, seconds: seconds[i]?.sort((a, b) => a - b) ?? [] }));
}

export function median(sorted: readonly number[]): number {
  const half = sorted.length >> 1;
  const high = sorted[half] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[half - 1] ?? Number.NaN) + high) / 2;
}

/** One line a command: median, range, and the ratio to the first. */
export function printTimings(title: string, timings: readonly Timing[]): void {
  console.log(`\n${title}`);
  const base = median(timings[0]?.seconds ?? []);
  for (const { name, seconds } of timings) {
    const range = `${seconds[0]?.toFixed(2)}–${seconds.at(-1)?.toFixed(2)}`;
    const ratio = (base / median(seconds)).toFixed(2);
    console.log(
      `  ${name.padEnd(28)} ${median(seconds).toFixed(3)} s  (${range}, ${seconds.length} runs)  ours/this ${ratio}`,
    );
  }
}

/** A peer's program in .venv, or undefined with a word about it. */
export function peer(name: string): string | undefined {
  const path = `${process.env.PEERS ?? `${ROOT}/.venv/bin`}/${name}`;
  if (existsSync(path)) return path;
  console.log(`(no ${name} in .venv: see bench/README.md; measured without it)`);
  return undefined;
}
