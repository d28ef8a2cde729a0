import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

export interface ToolResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. @returns nothing where there is no such program @throws the signal's reason, once aborted */
export function runTool(
  command: string,
  args: readonly string[],
  options: {
    readonly signal: AbortSignal;
    readonly env?: NodeJS.ProcessEnv;
    readonly onOutput?: (text: string) => void;
  },
): Promise<ToolResult | undefined> {
  const { signal, env = process.env, onOutput } = options;
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let stdout = "";
    let stderr = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      onOutput?.(text);
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
    });
    const stop = () => void child.kill();
    signal.addEventListener("abort", stop);
    child.once("error", (error: NodeJS.ErrnoException) => {
      signal.removeEventListener("abort", stop);
      if (error.code === "ENOENT" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    child.once("close", (code, killedBy) => {
      signal.removeEventListener("abort", stop);
      if (signal.aborted) reject(signal.reason);
      else
        resolve({ code: code ?? 1, stdout, stderr: killedBy ? `${stderr}\nended by ${killedBy}` : stderr });
    });
  });
}

/** The last lines of a program's output that are worth showing. */
export function lastLines(text: string, count = 5): string {
  return text
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .join("\n");
}

/** The command that installs something with the package manager of this machine. */
export function installCommand(packages: {
  readonly apt: string;
  readonly dnf: string;
  readonly mac: string;
}): string {
  if (process.platform === "darwin") return packages.mac;
  return onPath("dnf") && !onPath("apt-get")
    ? `sudo dnf install ${packages.dnf}`
    : `sudo apt-get install ${packages.apt}`;
}

function onPath(program: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, program)));
}
