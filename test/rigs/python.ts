import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const [REQUIREMENTS, ALONE] = ["requirements.txt", "requirements-alone.txt"].map((name) =>
  fileURLToPath(new URL(`../../../test/peers/${name}`, import.meta.url)),
) as [string, string];

/** The Python packages of test/peers/requirements*.txt, or why there are none. */
export type Peers = { readonly skip: false; readonly python: string } | { readonly skip: string };

/**
 * A virtual environment with the packages that our files and numbers are compared with. Made on first use, kept in the
 * user's cache folder by the hash of its requirements; several test files may ask at once.
 */
export function peers(): Peers {
  const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "pipestill-tests");
  const hash = createHash("sha256")
    .update(readFileSync(REQUIREMENTS))
    .update(readFileSync(ALONE))
    .digest("hex")
    .slice(0, 12);
  const folder = join(cache, `python-${hash}`);
  const python = join(folder, "bin/python");
  if (existsSync(python)) return { skip: false, python };
  mkdirSync(cache, { recursive: true });
  const fresh = mkdtempSync(join(cache, "making-"));
  try {
    for (const [command, ...args] of [
      ["python3", "-m", "venv", fresh],
      [join(fresh, "bin/python"), "-m", "pip", "install", "--quiet", "--requirement", REQUIREMENTS],
      [join(fresh, "bin/python"), "-m", "pip", "install", "--quiet", "--no-deps", "--requirement", ALONE],
    ] as const) {
      const { status, error, stderr } = spawnSync(command, args, { encoding: "utf8" });
      if (status !== 0) {
        return { skip: `no Python peers here: ${(error?.message ?? stderr).trim().split("\n").at(-1)}` };
      }
    }
    try {
      // Its interpreter is a link: the folder may move, as long as nobody uses its scripts.
      renameSync(fresh, folder);
    } catch {
      // Another test file was first.
    }
    return { skip: false, python };
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}

/** Runs Python code with JSON on stdin; @returns what it printed, as JSON. @throws with its stderr. */
export function runPython(python: string, code: string, input: unknown = null): unknown {
  const { status, stdout, stderr } = spawnSync(python, ["-c", code], {
    input: JSON.stringify(input),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: "3", TF_ENABLE_ONEDNN_OPTS: "0" },
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1)!);
}
