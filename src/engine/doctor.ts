import type { StageError } from "../contract/stage.js";
import type { Finding } from "../core/finding.js";
import { openEngine } from "./engine.js";
import { examineGpus, examineProcessor } from "./hardware.js";
import { findCompiler } from "./install/compile.js";
import { findPip } from "./install/pip.js";
import { tryEngine } from "./install/try.js";
import { installedEngines, isOlder, unusable, usableEngine } from "./native/installed.js";
import { nativePlatform } from "./native/platform.js";

/** Nothing here takes long enough to be stopped. */
const { signal } = new AbortController();

/** Starts each engine and tells what it is, after what there is to compute on. */
export async function examineEngines(): Promise<Finding[]> {
  const device = usableEngine()?.record.device;
  return [
    examineProcessor(),
    await examineGpus(device, signal),
    await examineWasm(),
    ...(await examineNative()),
  ];
}

async function examineWasm(): Promise<Finding> {
  const check = "wasm engine";
  try {
    const { description } = await openEngine("wasm");
    const tf = await import("@tensorflow/tfjs-core");
    if (await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT")) return { check, level: "ok", message: description };
    return {
      check,
      level: "note",
      message: `${description}, without SIMD: training takes several times as long`,
      fix: "train on a processor with SSE4.1 or NEON",
    };
  } catch (error) {
    return {
      check,
      level: "problem",
      message: `does not start: ${(error as Error).message}`,
      fix: "npm ci: it is the package @tensorflow/tfjs-backend-wasm",
    };
  }
}

/** Loads the native engine in a process of its own; where there is none, tells whether one could be installed. */
async function examineNative(): Promise<Finding[]> {
  const check = "native engine";
  const engine = usableEngine();
  if (engine) {
    try {
      const { version, device } = await tryEngine(engine.folder, signal);
      const noGpu = engine.record.device === "cuda" && device === "CPU";
      const message = `TensorFlow ${version}, ${device}${noGpu ? ", although it is a build for GPUs" : ""}`;
      if (noGpu || !isOlder(engine)) return [{ check, level: noGpu ? "note" : "ok", message }];
      const older = `${message}; its bindings cannot fuse convolutions yet`;
      return [{ check, level: "note", message: older, fix: "pipe engine install makes it anew" }];
    } catch (error) {
      const fix = `pipe engine remove ${engine.key}, then pipe engine install`;
      return [{ check, level: "problem", message: (error as Error).message, fix }];
    }
  }
  const [other] = installedEngines();
  const message = other
    ? `${other.key} cannot be used: ${unusable(other)}`
    : "not installed (pipe engine install); the wasm engine does its work";
  if (!nativePlatform()) return [{ check, level: "ok", message }];
  return [
    other ? { check, level: "note", message, fix: "pipe engine install" } : { check, level: "ok", message },
    await examineTool("pip", async () => (await findPip(signal)).join(" ")),
    await examineTool("compiler", () => findCompiler(signal)),
  ];
}

/** A tool that only the installation of the native engine needs: that it is missing is no problem. */
async function examineTool(check: string, find: () => Promise<string>): Promise<Finding> {
  try {
    return { check, level: "ok", message: await find() };
  } catch (error) {
    const { message, options } = error as StageError;
    return { check, level: "note", message, ...(options.hint === undefined ? {} : { fix: options.hint }) };
  }
}
