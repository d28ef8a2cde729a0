import { appendFileSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  type BaseContext,
  type InputArtifact,
  type PaidAnswers,
  StageError,
  type Usage,
} from "../contract/stage.js";
import { type HostEvent, TASK_FILES, type Task, type TaskInput } from "../contract/task.js";
import { BlobReader, checkFile } from "../core/blobs.js";
import { shortened } from "../core/errors.js";
import type { Redactor } from "./redact.js";

/** Progress lines are written no more often than this, milliseconds. */
const PROGRESS_EVERY = 150;

/** Appends progress and notes to the task's events file, which the runner follows. */
export class HostEvents {
  private last = 0;
  private pending: HostEvent | undefined;

  constructor(
    private readonly path: string,
    private readonly redactor: Redactor,
  ) {}

  progress(done: number, total: number, text?: string): void {
    const event: HostEvent = { type: "progress", done, total, ...(text === undefined ? {} : { text }) };
    const now = performance.now();
    if (now - this.last < PROGRESS_EVERY && done < total) {
      this.pending = event;
      return;
    }
    this.last = now;
    this.write(event);
  }

  note(message: string): void {
    this.write({ type: "note", message: shortened(message) });
  }

  usage(figures: Usage): void {
    this.write({ type: "usage", figures });
  }

  /** Writes the last progress that was held back. */
  flush(): void {
    if (this.pending) this.write(this.pending);
  }

  private write(event: HostEvent): void {
    this.pending = undefined;
    appendFileSync(this.path, `${JSON.stringify(this.redactor.json(event))}\n`);
  }
}

/** Takes the secrets that the task names out of the environment, so that no child process inherits them. */
export function takeSecrets(names: readonly string[]): ReadonlyMap<string, string> {
  const secrets = new Map<string, string>();
  for (const name of names) {
    const value = process.env[name];
    if (value !== undefined) secrets.set(name, value);
    delete process.env[name];
  }
  return secrets;
}

function inputArtifact(port: string, input: TaskInput): InputArtifact {
  const checked = new Set(input.fresh);
  return {
    hash: input.hash,
    files: Object.keys(input.files).sort(),
    path(name) {
      const path = Object.hasOwn(input.files, name) ? input.files[name] : undefined;
      if (path === undefined) {
        throw new StageError(`the input \`${port}\` has no file ${name}`, {
          hint: `it holds: ${Object.keys(input.files).sort().slice(0, 10).join(", ")}`,
        });
      }
      // Once is enough: a blob's file is read only, and this host has it for a while.
      if (!checked.has(name)) {
        checkFile(path, path.split("/").slice(-2).join(""), `${name} of the input \`${port}\``);
        checked.add(name);
      }
      return path;
    },
  };
}

/** Builds what a stage sees from its task. */
export function createContext(
  task: Task,
  events: HostEvents,
  secrets: ReadonlyMap<string, string>,
  signal: AbortSignal,
  paid: PaidAnswers | undefined,
): BaseContext {
  mkdirSync(task.scratch, { recursive: true });
  mkdirSync(task.shared, { recursive: true });
  const blobs = new BlobReader(task.store);
  return {
    with: task.with,
    inputs: Object.fromEntries(Object.entries(task.inputs).map(([k, v]) => [k, inputArtifact(k, v)])),
    base: task.base,
    scratch: task.scratch,
    shared: task.shared,
    logs: task.logs,
    seed: task.seed,
    impl: task.impl,
    cpus: task.cpus,
    signal,
    progress: (done, total, text) => events.progress(done, total, text),
    note: (message) => events.note(message),
    usage: (figures) => events.usage(figures),
    secret(variable) {
      const value = secrets.get(variable);
      if (value !== undefined) return value;
      if (!task.secrets.includes(variable)) {
        throw new StageError(`the stage asked for the secret ${variable}, which its params do not name`);
      }
      throw new StageError(`the environment variable ${variable} is not set`, {
        hint: `set it before the run: export ${variable}=…`,
      });
    },
    hasSecret: (variable) => secrets.has(variable),
    ...(paid ? { paid } : {}),
    blob: (hash) => blobs.read(hash),
  };
}

/** Reads and checks the task file of a folder. */
export function readTask(folder: string): Task {
  const task = JSON.parse(readFileSync(join(folder, TASK_FILES.task), "utf8")) as Task;
  if (task.protocol !== 1) throw new Error(`task protocol ${task.protocol}: this host speaks 1`);
  return task;
}
