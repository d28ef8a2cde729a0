import { availableParallelism, homedir } from "node:os";
import { join } from "node:path";
import {
  type HostEvent,
  type HostResult,
  TASK_VARIABLE,
  type Task,
  type TaskInput,
} from "../../contract/task.js";
import type { StageConfig } from "../config/pipeline.js";
import { stageImpl, stageSeed } from "../plan/fingerprint.js";
import type { ArtifactRef } from "../plan/plan.js";
import type { StagePlan } from "../plan/planner.js";
import type { RunOptions } from "../runner.js";
import type { Store } from "../store/store.js";
import type { Executor, Job, WaitingJob } from "./executor.js";
import type { HostControl } from "./host-run.js";

/** Whose a host is: one attempt of one stage. */
export interface HostOwner {
  readonly runId: string;
  readonly options: RunOptions;
  readonly stage: StageConfig;
  readonly attempt: number;
  readonly logFile: string;
}

/** All that carrying out one attempt of one stage needs. */
export interface StageEnv extends HostOwner {
  readonly executor: Executor;
  readonly plan: StagePlan;
  readonly fingerprint: string;
  readonly inputs: Readonly<Record<string, ArtifactRef>>;
  /** A host that waits for its task; undefined where this stage's hosts may not start early. */
  readonly early: (folder: string) => WaitingJob | undefined;
  readonly onEvent: (event: HostEvent) => void;
  /** Its hosts have done their work: what is left is to write it down. */
  readonly onWorked: () => void;
}

/** What a stage gave: its outputs are in the store, its result is not written yet. */
export interface Made {
  readonly outputs: Readonly<Record<string, ArtifactRef>>;
  readonly metrics: Task["with"];
  readonly items: {
    readonly total: number;
    readonly processed: number;
    readonly reused: number;
    readonly failed: number;
  } | null;
  readonly transientFailures: number;
}

/** Cores that a stage may use on this machine. */
export function stageCpus(stage: StageConfig): number {
  const all = availableParallelism();
  return Math.min(stage.resources.cpus ?? stage.kind.cpus ?? all, all);
}

/** A task folder's name says whose it is: gc and later runs can tell an abandoned one. */
export function taskName({ runId, stage, attempt }: HostOwner, what: string, part: number): string {
  return `${what}.${runId}.${stage.name}.${attempt}-${part}`;
}

/** The task folder of a host of an item stage. */
export function hostFolder(owner: HostOwner, space: string, host: number): string {
  return owner.options.store.taskDir(taskName(owner, `items-${space}`, host));
}

/** The task of a stage, the item fields aside. */
export function baseTask(env: StageEnv, mode: Task["mode"]): Task {
  const { stage, options } = env;
  const { store, pipeline, registry } = options;
  return {
    protocol: 1,
    kind: stage.kind.name,
    module: stage.kind.module,
    stage: stage.name,
    mode,
    with: stage.params.all,
    inputs: Object.fromEntries(
      Object.entries(env.inputs).map(([port, ref]) => [port, taskInput(store, ref)]),
    ),
    outputs: stage.kind.outputs.map(({ name }) => name),
    base: pipeline.base,
    store: store.root,
    scratch: store.snapshotsDir(env.fingerprint),
    shared: store.sharedDir(stage.kind.name),
    logs: join(env.logFile, "..", "..", "files", stage.name),
    seed: stageSeed(pipeline.seed, stage),
    impl: stageImpl(registry, stage),
    cpus: stageCpus(stage),
    secrets: stage.secrets,
    parent: process.pid,
  };
}

function taskInput(store: Store, ref: ArtifactRef): TaskInput {
  const entries = Object.entries(store.trees.get(ref.hash)?.entries ?? {});
  const files = entries.map(([name, { blob }]) => [name, store.blobs.path(blob)]);
  const fresh = entries.filter(([, { blob }]) => store.blobs.isFresh(blob)).map(([name]) => name);
  return { hash: ref.hash, files: Object.fromEntries(files), fresh };
}

const PASSED_ON = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "XDG_CACHE_HOME"];

/** Rows of an item stage's input, where that is known before it is opened. */
export function rowsAhead({ stage, plan, inputs }: StageEnv): number | undefined {
  const port = stage.kind.item?.port;
  return port === undefined ? plan.listing?.count : inputs[port]?.rows;
}

/** The job of a host over a task folder. */
export function hostJob({ stage, logFile }: Pick<HostOwner, "stage" | "logFile">, folder: string): Job {
  const { memoryMiB } = stage.resources;
  return {
    folder,
    logFile,
    env: { ...hostEnvironment(stage), ...threads(stage), [TASK_VARIABLE]: folder },
    ...(memoryMiB === undefined ? {} : { memoryMiB }),
  };
}

/** What ends a host early. */
export function hostControl(env: StageEnv): Omit<HostControl, "onEvent"> {
  const { timeoutMs } = env.stage;
  const { signal, kill } = env.options;
  return { signal, kill, ...(timeoutMs === undefined ? {} : { timeoutMs }) };
}

/** Ends an attempt without a result; `result` says why. */
export class StageStopped extends Error {
  constructor(readonly result: Exclude<HostResult, { status: "ok" }>) {
    super(result.status === "failed" ? result.error.message : "interrupted");
  }
}

/** A failure that the runner itself found. */
export function failedResult(message: string, hint: string): Extract<HostResult, { status: "failed" }> {
  return { protocol: 1, status: "failed", error: { message, hint } };
}

/** libtensorflow reads how many threads it may have when it is loaded; without a word it takes all cores. */
function threads({ kind, params, resources: { cpus } }: StageConfig): Record<string, string> {
  if (cpus === undefined || !kind.impl?.(params.all).includes("engine")) return {};
  return { TF_NUM_INTRAOP_THREADS: String(cpus) };
}

/** The environment of a stage host: an allow-list, and the secrets that the stage's params name. */
function hostEnvironment(stage: StageConfig): Record<string, string> {
  const env: Record<string, string> = { HOME: homedir() };
  const own = stage.kind.environment?.(stage.params.all) ?? [];
  for (const name of [...PASSED_ON, ...own, ...stage.secrets]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
