/** A stage host to be started over a task folder. */
export interface Job {
  readonly folder: string;
  /** stdout and stderr of the host go to the end of this file. */
  readonly logFile: string;
  readonly env: Readonly<Record<string, string>>;
  readonly memoryMiB?: number;
}

export type Exit =
  | { readonly kind: "exited"; readonly code: number }
  | { readonly kind: "signalled"; readonly signal: string }
  | { readonly kind: "out-of-memory"; readonly memoryMiB: number }
  | { readonly kind: "not-started"; readonly message: string };

export interface RunningJob {
  /** Never rejects. */
  readonly done: Promise<Exit>;
  /** Asks the host to finish what it has in hand. */
  interrupt(): void;
  /** Ends the host and whatever it started, at once. */
  kill(): void;
}

/** A host that was started before its task was written. It is ended by exactly one of the two. */
export interface WaitingJob {
  /** The task folder is complete: the host may begin. */
  begin(): RunningJob;
  /** There is nothing to do after all. */
  dismiss(): void;
}

/** Starts stage hosts; results are read from the task folder, so an executor needs no channel back. */
export interface Executor {
  readonly name: string;
  start(job: Job): RunningJob;
  /**
   * Starts a host that loads modules, one at least, while the runner still prepares the task. Absent where starting early
   * saves nothing (a queue).
   */
  startEarly?(job: Job, modules: readonly string[]): WaitingJob;
}
