import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { StageError } from "../../contract/stage.js";
import { fsyncPath, writeFileAtomic } from "../../core/files.js";
import { sha256 } from "../../core/hash.js";
import {
  ENGINE_FILES,
  type EngineRecord,
  engineKey,
  type InstalledEngine,
  installedEngines,
  isOlder,
  unusable,
} from "../native/installed.js";
import { type NodePackage, nodePackage } from "../native/package.js";
import { NATIVE_PLATFORMS, type NativePlatform, NODE_API, nativePlatform } from "../native/platform.js";
import { compileBindings, findCompiler, nodeHeaders } from "./compile.js";
import { PARTIAL } from "./leftovers.js";
import { takeLock } from "./lock.js";
import { type InstallRequest, isWorthKeeping, takeParts } from "./parts.js";
import { DEFAULT_TENSORFLOW, wheelOf } from "./releases.js";
import { type Source, sourceFrom } from "./source.js";
import { explainFullDisk } from "./space.js";
import { tryEngine } from "./try.js";

export interface Installation {
  readonly engine: InstalledEngine;
  /** It was there before. */
  readonly already: boolean;
}

/**
 * Installs an engine: fetches or takes libtensorflow, compiles the bindings, and has another process compute with them.
 * The folder gets its name last. What was done before an interruption is done once only; a download starts anew.
 *
 * @throws StageError for everything that a user can put right, with what does
 */
export async function installEngine(request: InstallRequest): Promise<Installation> {
  const platform = supportedPlatform();
  const tfjs = nodePackage();
  if (!tfjs) {
    throw new StageError("the npm package @tensorflow/tfjs-node-gpu is not installed", {
      class: "no-package",
      hint: "npm install --include=optional --ignore-scripts",
    });
  }
  const source = sourceOf(request, platform);
  const present = installedEngines(request.root).find(
    (engine) => unusable(engine) === undefined && !isOlder(engine) && isFrom(engine, source),
  );
  if (present) return { engine: present, already: true };
  const work = join(request.root, PARTIAL + workName(source));
  const unlock = takeLock(`${work}.lock`);
  try {
    const compiler = await findCompiler(request.signal);
    const headers = nodeHeaders();
    const engine = await build({ request, platform, tfjs, source, work, compiler, headers });
    return { engine, already: false };
  } catch (error) {
    // What was fetched and checked is kept for the next attempt.
    if (!request.signal.aborted && !isWorthKeeping(work)) rmSync(work, { recursive: true, force: true });
    throw explainFullDisk(error, request.root);
  } finally {
    unlock();
  }
}

interface Build {
  readonly request: InstallRequest;
  readonly platform: NativePlatform;
  readonly tfjs: NodePackage;
  readonly source: Source;
  readonly work: string;
  readonly compiler: string;
  readonly headers: string;
}

async function build({
  request,
  platform,
  tfjs,
  source,
  work,
  compiler,
  headers,
}: Build): Promise<InstalledEngine> {
  const { root, signal, onProgress } = request;
  const engine = join(work, "engine");
  mkdirSync(engine, { recursive: true });
  const parts = await takeParts(request, platform, source, work);
  signal.throwIfAborted();
  onProgress("compiling the bindings");
  const output = join(engine, ENGINE_FILES.bindings);
  const attribute_lists = await compileBindings(
    compiler,
    { platform, tfjs, headers, ...parts, output },
    signal,
  );
  onProgress("trying it");
  const { version: tensorflow } = await tryEngine(engine, signal);
  const record: EngineRecord = {
    format: "pipestill-engine/1",
    tensorflow,
    device: source.device,
    platform,
    node_api: NODE_API,
    tfjs: tfjs.version,
    attribute_lists,
    source: parts.from,
  };
  writeFileAtomic(join(engine, ENGINE_FILES.record), `${JSON.stringify(record, null, 2)}\n`);
  const key = engineKey(record);
  const folder = join(root, key);
  rmSync(folder, { recursive: true, force: true });
  renameSync(engine, folder);
  fsyncPath(root);
  rmSync(work, { recursive: true, force: true });
  return { key, folder, record };
}

function supportedPlatform(): NativePlatform {
  const platform = nativePlatform();
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } };
  if (platform && (process.platform !== "linux" || header.glibcVersionRuntime)) return platform;
  const here = `${process.platform}-${process.arch}${platform ? " without glibc" : ""}`;
  throw new StageError(`there is no native engine for ${here}: only for ${NATIVE_PLATFORMS.join(", ")}`, {
    class: "engine-platform",
    hint: "use `engine: wasm`, which runs everywhere",
  });
}

function sourceOf({ from, tensorflow, device, sha256 }: InstallRequest, platform: NativePlatform): Source {
  if (from !== undefined) return sourceFrom(from, platform, device);
  const version = tensorflow ?? DEFAULT_TENSORFLOW;
  const chosen = device ?? "cpu";
  return { type: "pypi", wheel: wheelOf(version, platform, chosen, sha256), device: chosen };
}

/** Whether an engine is what installing from the source would give. */
function isFrom({ record }: InstalledEngine, source: Source): boolean {
  if (source.type === "folder") {
    return (
      "folder" in record.source && record.source.folder === source.folder && record.device === source.device
    );
  }
  const { tensorflow } = source.type === "wheel" ? source : source.wheel;
  return "wheel" in record.source && record.tensorflow === tensorflow && record.device === source.device;
}

/** Names the work on one source, so that only the same installation goes on with it. */
function workName(source: Source): string {
  const { type, device } = source;
  const what = type === "pypi" ? (source.wheel.sha256 ?? "") : type === "wheel" ? source.path : source.folder;
  return `${device}-${sha256(what).slice(0, 12)}`;
}
