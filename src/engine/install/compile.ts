import { rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { StageError } from "../../contract/stage.js";
import type { NodePackage } from "../native/package.js";
import { libraryNames, type NativePlatform, NODE_API } from "../native/platform.js";
import { withAttributeLists } from "./attribute-lists.js";
import { installCommand, lastLines, runTool } from "./tool.js";

const COMPILERS = ["g++", "clang++"];

export interface Compilation {
  readonly platform: NativePlatform;
  readonly tfjs: NodePackage;
  /** Node-API's headers. */
  readonly headers: string;
  /** TensorFlow's headers. */
  readonly include: string;
  /** Folder of libtensorflow's libraries. */
  readonly libraries: string;
  /** Where the bindings look for them: a folder, or `beside`. */
  readonly runPath: "beside" | "libraries";
  /** Libraries that have to be in the process before TensorFlow opens them by name. */
  readonly preload: readonly string[];
  readonly output: string;
}

/** The first compiler that answers. @throws StageError where none does */
export async function findCompiler(signal: AbortSignal): Promise<string> {
  for (const compiler of COMPILERS) {
    const answer = await runTool(compiler, ["--version"], { signal });
    if (answer?.code === 0) return compiler;
  }
  throw new StageError(
    "the native engine is compiled on this machine, and there is neither g++ nor clang++",
    {
      class: "no-compiler",
      hint: installCommand({ apt: "g++", dnf: "gcc-c++", mac: "xcode-select --install" }),
    },
  );
}

/**
 * Compiles the npm package's bindings against libtensorflow, taught to take lists as attributes.
 *
 * @returns whether they take them: not where the package's source is not the known one
 * @throws StageError with the compiler's words
 */
export async function compileBindings(
  compiler: string,
  what: Compilation,
  signal: AbortSignal,
): Promise<boolean> {
  const binding = join(what.tfjs.folder, "binding");
  const original = join(binding, "tfjs_backend.cc");
  const changed = withAttributeLists(original);
  const copy = `${what.output}.cc`;
  if (changed !== undefined) writeFileSync(copy, changed);
  try {
    const sources = [changed === undefined ? original : copy, join(binding, "tfjs_binding.cc")];
    const result = await runTool(compiler, argumentsOf(what, binding, sources), { signal });
    if (result?.code === 0) return changed !== undefined;
    throw new StageError(
      `${compiler} could not compile the bindings:\n${lastLines(result?.stderr ?? "", 12)}`,
      {
        class: "compile",
        hint: "if this TensorFlow is not a supported version, leave --tensorflow and --from out",
      },
    );
  } finally {
    rmSync(copy, { force: true });
  }
}

function argumentsOf(what: Compilation, binding: string, sources: readonly string[]): string[] {
  const { platform, headers, include, libraries, runPath, preload, output } = what;
  const mac = platform === "darwin-arm64";
  const beside = mac ? "@loader_path" : "$ORIGIN";
  const runPaths = [
    runPath === "beside" ? beside : libraries,
    ...new Set(preload.map((path) => dirname(path))),
  ];
  return [
    "-std=c++17",
    "-O2",
    "-fPIC",
    // Node's own functions are found in the process that loads the bindings.
    ...(mac ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"]),
    `-DNAPI_VERSION=${NODE_API}`,
    `-I${include}`,
    `-I${headers}`,
    `-I${binding}`,
    ...sources,
    // The linker would leave out what the bindings do not call themselves.
    ...(preload.length > 0 ? ["-Wl,--no-as-needed", ...preload] : []),
    ...libraryNames(platform).map((name) => join(libraries, name)),
    ...runPaths.map((path) => `-Wl,-rpath,${path}`),
    "-o",
    output,
  ];
}

/** Folder of Node-API's headers. @throws StageError where the npm package with them is missing */
export function nodeHeaders(): string {
  try {
    const file = createRequire(import.meta.url).resolve("node-api-headers/package.json");
    return join(dirname(file), "include");
  } catch {
    throw new StageError("the npm package node-api-headers is missing", {
      class: "no-headers",
      hint: "npm install --include=optional --ignore-scripts",
    });
  }
}
