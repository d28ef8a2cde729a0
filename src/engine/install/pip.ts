import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StageError } from "../../contract/stage.js";
import { bytesIn } from "./leftovers.js";
import type { Wheel } from "./releases.js";
import { installCommand, lastLines, runTool } from "./tool.js";

/** Ways to call pip, in order. */
const PIPS: readonly (readonly [command: string, ...args: string[]])[] = [
  ["python3", "-m", "pip"],
  ["python", "-m", "pip"],
  ["pip3"],
  ["pip"],
];

/** How often the growth of the file is looked at, in milliseconds. */
const LOOK = 200;

type Pip = (typeof PIPS)[number];

/** The first pip that answers. @throws StageError where none does */
export async function findPip(signal: AbortSignal): Promise<Pip> {
  for (const pip of PIPS) {
    const [command, ...args] = pip;
    const answer = await runTool(command, [...args, "--version"], { signal });
    if (answer?.code === 0) return pip;
  }
  throw new StageError("the native engine comes from PyPI, and this machine has no pip to fetch it with", {
    class: "no-pip",
    hint: `${installCommand({ apt: "python3-pip", dnf: "python3-pip", mac: "xcode-select --install" })}, or fetch the wheel elsewhere and give it with --from`,
  });
}

/**
 * Fetches a wheel from PyPI or whatever index pip is set up with, for this platform whatever Python the machine has.
 *
 * @param folder is emptied first; pip's temporary files go there too, so that nothing is left elsewhere
 * @param onBytes is told how much has arrived
 * @returns the wheel's path
 * @throws StageError with pip's own last words
 */
export async function downloadWheel(
  wheel: Wheel,
  folder: string,
  signal: AbortSignal,
  onBytes: (bytes: number, total: number | undefined) => void,
): Promise<string> {
  const [command, ...args] = await findPip(signal);
  const [into, temporary] = [join(folder, "wheel"), join(folder, "tmp")];
  rmSync(folder, { recursive: true, force: true });
  for (const path of [into, temporary]) mkdirSync(path, { recursive: true });
  let total: number | undefined;
  const watch = setInterval(() => onBytes(bytesIn(folder), total), LOOK);
  try {
    const result = await runTool(
      command,
      [
        ...args,
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--implementation=cp",
        `--python-version=${wheel.python}`,
        ...wheel.platforms.map((tag) => `--platform=${tag}`),
        "--progress-bar=off",
        "--disable-pip-version-check",
        "--no-input",
        `--dest=${into}`,
        `${wheel.project}==${wheel.tensorflow}`,
      ],
      {
        signal,
        env: { ...process.env, TMPDIR: temporary, PYTHONUNBUFFERED: "1" },
        onOutput: (text) => {
          total ??= announcedSize(text);
        },
      },
    );
    const file = wheelIn(into);
    if (result?.code === 0 && file !== undefined) return file;
    throw new StageError(
      `pip could not fetch ${wheel.project} ${wheel.tensorflow}:\n${lastLines(result?.stderr ?? "")}`,
      { class: "download", hint: "the same command tries again; --from takes a wheel fetched elsewhere" },
    );
  } finally {
    clearInterval(watch);
  }
}

/** The first wheel in a folder, if there are a folder and a wheel. */
export function wheelIn(folder: string): string | undefined {
  if (!existsSync(folder)) return undefined;
  const name = readdirSync(folder).find((file) => file.endsWith(".whl"));
  return name === undefined ? undefined : join(folder, name);
}

/** What pip says about a file it fetches: "Downloading tensorflow_cpu-….whl (273.8 MB)". */
function announcedSize(text: string): number | undefined {
  const match = /(?:Downloading|Using cached) \S+ \(([\d.]+) ([kMG])B\)/.exec(text);
  return match ? Number(match[1]) * { k: 1e3, M: 1e6, G: 1e9 }[match[2] as "k" | "M" | "G"] : undefined;
}
