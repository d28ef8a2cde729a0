import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { temporaryFolder } from "./folder.js";

const BIN = fileURLToPath(new URL("../../../bin/pipe.js", import.meta.url));

export interface Finished {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A `pipe` under way. */
export interface Started {
  readonly child: ChildProcess;
  readonly finished: Promise<Finished>;
  /** Resolves when stderr holds the text. Rejects when the process ends without it. */
  stderrHas(text: string): Promise<void>;
}

/** The real command line in a temporary folder of its own. */
export class CliRig {
  /** Real path, as processes started there see it. */
  readonly folder = temporaryFolder("pipestill-cli-");

  /** Writes a file below the folder; returns its path. */
  write(name: string, text: string): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  }

  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Started {
    // No variable of the tests' own surroundings may decide colours, stores, engines or whether a test runner is
    // meant.
    const {
      NO_COLOR: _,
      FORCE_COLOR: __,
      PIPESTILL_STORE: ___,
      PIPESTILL_DEBUG: ____,
      NODE_TEST_CONTEXT: _____,
      ...rest
    } = process.env;
    const child = spawn(process.execPath, [BIN, ...args], {
      cwd: this.folder,
      env: { ...rest, XDG_CACHE_HOME: join(this.folder, "cache"), ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text) => {
      stdout += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text) => {
      stderr += text;
    });
    const finished = new Promise<Finished>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve({ code, signal, stdout, stderr }));
    });
    return {
      child,
      finished,
      async stderrHas(text) {
        const ended = finished.then(() => true);
        while (!stderr.includes(text)) {
          const next = new Promise<false>((resolve) => child.stderr.once("data", () => resolve(false)));
          if ((await Promise.race([ended, next])) && !stderr.includes(text)) {
            throw new Error(`pipe ended without saying ${JSON.stringify(text)}:\n${stderr}`);
          }
        }
      },
    };
  }

  /** Runs `pipe` to its end. */
  pipe(...args: string[]): Promise<Finished> {
    return this.start(args).finished;
  }
}
