import { readFileSync } from "node:fs";
import type { Finished } from "../rigs/cli.js";
import type { MortalOptions, WritePoint } from "../rigs/mortal.js";
import { eventually, isAlive } from "./processes.js";
import type { PhotoRig } from "./rig.js";

const MORTAL = new URL("../rigs/mortal.js", import.meta.url).href;

/** `pipe run p.yaml --json …` whose processes tell their writes and die where they are told. */
export function mortalRun(rig: PhotoRig, args: readonly string[], options: MortalOptions): Promise<Finished> {
  const env = { MORTAL: JSON.stringify(options), NODE_OPTIONS: `--import ${MORTAL}` };
  return rig.start(["run", "p.yaml", "--json", ...args], env).finished;
}

/** The lines that the processes of a run have written: for each process, for each of its writes, and for a death. */
export function readTrace(
  path: string,
): (WritePoint | { readonly pid: number } | { readonly killed: number })[] {
  return readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

/** Ids of the processes of a traced run, the runner's first. */
export function pidsOf(trace: string): number[] {
  return readTrace(trace).flatMap((line) => ("pid" in line ? [line.pid] : []));
}

/** Waits for the end of all processes of a traced run. */
export function ended(trace: string): Promise<void> {
  return eventually("no stage host outlives its runner", () => !pidsOf(trace).some(isAlive));
}
