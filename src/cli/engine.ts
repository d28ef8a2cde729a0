import { type Command, Option } from "commander";
import {
  enginesFolder,
  type InstalledEngine,
  installedEngines,
  unusable,
  usableEngine,
} from "../engine/native/installed.js";
import { UsageError } from "./shared/errors.js";
import { bytes, columns } from "./shared/format.js";
import { onInterrupt } from "./shared/interrupt.js";
import { examples, jsonOption, type OutputOptions } from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { stepPrinter } from "./shared/steps.js";

interface InstallOptions extends OutputOptions {
  readonly cpu?: true;
  readonly cuda?: true;
  readonly tensorflow?: string;
  readonly from?: string;
  readonly sha256?: string;
}

export function declare(command: Command, terminal: Terminal): void {
  const install = command
    .command("install")
    .description("Install libtensorflow as the engine that `engine: auto` and `engine: native` take.")
    .addOption(
      new Option("--cpu", "compute on the processor (what is meant where nothing is said)").conflicts("cuda"),
    )
    .option("--cuda", "take the build for NVIDIA's GPUs (Linux x64)")
    .option("--tensorflow <version>", "a version other than the newest supported one")
    .option("--from <path>", "a wheel, or a folder or virtual environment with TensorFlow in it")
    .option("--sha256 <hash>", "what the wheel's sha256 must be");
  jsonOption(install).action((options: InstallOptions) => run(options, terminal));
  const list = command.command("list").description("List the engines that are installed.");
  jsonOption(list).action((options: OutputOptions) => terminal.out(listText(options)));
  command
    .command("remove")
    .description("Remove an installed engine.")
    .argument("[engine]", "its name as in the list; the only one where left out")
    .action((name: string | undefined) => remove(name, terminal));
  examples(command, [
    ["pipe engine install", "fetch TensorFlow through pip, compile the bindings, try them"],
    ["pipe engine install --from ~/venv", "use the TensorFlow of a virtual environment, CUDA included"],
    ["pipe engine list --json", "what is installed, and what will be used, for programs"],
    ["pipe engine remove", "go back to wasm"],
  ]);
  command.addHelpText(
    "after",
    "\nThe wheel comes through pip, from PyPI or the index pip is set up with. Engines live in the user's cache\n" +
      "folder ($XDG_CACHE_HOME/pipestill/engines); without one, everything runs on wasm.",
  );
}

async function run(options: InstallOptions, terminal: Terminal): Promise<void> {
  const { cpu, cuda, tensorflow, from, sha256 } = options;
  if (from !== undefined && tensorflow !== undefined) {
    throw new UsageError(
      "--from and --tensorflow exclude each other",
      "what --from names has a version of its own",
    );
  }
  if (sha256 !== undefined && !/^[0-9a-f]{64}$/.test(sha256)) {
    throw new UsageError(`--sha256 takes 64 hexadecimal digits, not ${JSON.stringify(sha256)}`);
  }
  const { installEngine } = await import("../engine/install/install.js");
  const steps = stepPrinter(terminal);
  const interrupt = onInterrupt();
  try {
    const { engine, already } = await installEngine({
      root: enginesFolder(),
      ...(cpu || cuda ? { device: cuda ? "cuda" : "cpu" } : {}),
      ...(tensorflow === undefined ? {} : { tensorflow }),
      ...(from === undefined ? {} : { from }),
      ...(sha256 === undefined ? {} : { sha256 }),
      signal: interrupt.signal,
      onProgress: steps.show,
    });
    steps.end();
    if (options.json) terminal.out(jsonText({ ...jsonOf(engine), already }));
    else terminal.out(`${engine.key} ${already ? "is installed already" : "is installed"}.`);
  } catch (error) {
    steps.end();
    if (!interrupt.signal.aborted) throw error;
    terminal.err("Interrupted; the same command goes on.");
    process.exitCode = 130;
  } finally {
    interrupt.dispose();
  }
}

const jsonOf = (engine: InstalledEngine) => {
  const why = unusable(engine);
  return {
    name: engine.key,
    ...engine.record,
    folder: engine.folder,
    ...(why === undefined ? {} : { unusable: why }),
  };
};

function listText({ json }: OutputOptions): string {
  const engines = installedEngines();
  const used = usableEngine()?.key;
  if (json) return jsonText({ used: used ?? "wasm", engines: engines.map(jsonOf) });
  if (engines.length === 0)
    return "No native engine is installed; `engine: auto` means wasm. Install one: pipe engine install";
  return columns(
    engines.map((engine) => {
      const why = unusable(engine);
      return [engine.key, engine.key === used ? "used" : why === undefined ? "" : `cannot be used: ${why}`];
    }),
  ).join("\n");
}

async function remove(name: string | undefined, terminal: Terminal): Promise<void> {
  const { removeEngine } = await import("../engine/install/remove.js");
  const { removeLeftovers } = await import("../engine/install/leftovers.js");
  const left = removeLeftovers(enginesFolder());
  if (left > 0) terminal.out(`Removed what unfinished installations left (${bytes(left)}).`);
  const engines = installedEngines();
  if (engines.length === 0) {
    if (left === 0) terminal.out("No native engine is installed.");
    return;
  }
  const only = name === undefined && engines.length === 1 ? engines[0] : undefined;
  const engine = only ?? engines.find(({ key }) => key === name);
  if (!engine) {
    throw new UsageError(
      name === undefined ? "several engines are installed" : `there is no engine ${name}`,
      `name one of ${engines.map(({ key }) => key).join(", ")}`,
    );
  }
  terminal.out(`Removed ${engine.key} (${bytes(removeEngine(engine))}).`);
}
