import type { ConfigProblem } from "../../runner/config/pipeline.js";

/** Exit codes of `pipe`. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The command line or the pipeline file is wrong: exit code 2. */
export class UsageError extends Error {
  constructor(
    message: string,
    readonly hint?: string,
  ) {
    super(message);
    this.name = "UsageError";
  }
}

/** A pipeline file with problems, each with its place: exit code 2. */
export class ConfigError extends Error {
  constructor(
    file: string,
    readonly problems: readonly ConfigProblem[],
  ) {
    super(`${file} has ${problems.length === 1 ? "a problem" : `${problems.length} problems`}`);
    this.name = "ConfigError";
  }
}
