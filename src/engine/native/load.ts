import { join } from "node:path";
import util from "node:util";
import * as tf from "@tensorflow/tfjs-core";
// Registers tfjs's gradients: the module of tfjs-core that does it is none that Node can load.
import "@tensorflow/tfjs-layers";
import { StageError } from "../../contract/stage.js";
import type { Engine } from "../engine.js";
import { registerGradients } from "../gradients.js";
import type { Bindings, NativeBackend } from "./backend.js";
import { registerFusedConv } from "./fused-conv.js";
import { ENGINE_FILES, type InstalledEngine, usableEngine } from "./installed.js";
import { registerMatMul } from "./mat-mul.js";
import { requireBindings, requireFromPackage } from "./package.js";

interface BackendModule {
  readonly NodeJSKernelBackend: new (bindings: Bindings, packageName: string) => NativeBackend;
}

export interface NativeEngine extends Engine {
  /** Of TensorFlow. */
  readonly version: string;
  readonly device: "CPU" | "GPU";
}

/** Opens the engine that is installed. @throws StageError where none is, or it does not load. */
export async function openNative(): Promise<Engine> {
  const installed = usableEngine();
  if (!installed) {
    throw new StageError("the native engine is not installed", {
      class: "engine-missing",
      hint: "pipe engine install, or use `engine: wasm`",
    });
  }
  return loadNative(installed);
}

/**
 * Makes libtensorflow tfjs's back end, which is named `tensorflow`.
 *
 * The package's main module would search its own folder for the bindings that its installer fetches; its back end and
 * kernels are loaded one by one instead.
 *
 * @throws StageError where the bindings or libtensorflow do not load
 */
export async function loadNative({
  key,
  folder,
}: Pick<InstalledEngine, "key" | "folder">): Promise<NativeEngine> {
  restoreUtil();
  // TensorFlow reads it when it is loaded: 2 keeps warnings and errors of what it could not do to itself.
  process.env.TF_CPP_MIN_LOG_LEVEL ??= "2";
  let bindings: Bindings;
  try {
    bindings = requireBindings(join(folder, ENGINE_FILES.bindings)) as Bindings;
  } catch (error) {
    throw new StageError(`the native engine ${key} does not load: ${(error as Error).message}`, {
      class: "engine-broken",
      hint: `pipe engine remove ${key}, then pipe engine install; until then use \`engine: wasm\``,
    });
  }
  const { NodeJSKernelBackend } = requireFromPackage("nodejs_kernel_backend.js") as BackendModule;
  requireFromPackage("register_all_kernels.js");
  const backend = new NodeJSKernelBackend(bindings, "@tensorflow/tfjs-node-gpu");
  tf.registerBackend("tensorflow", () => backend);
  await tf.setBackend("tensorflow");
  registerFusedConv(backend);
  registerMatMul(backend);
  registerGradients();
  const device = backend.isUsingGpuDevice ? "GPU" : "CPU";
  const version = bindings.TF_Version;
  return { id: "tensorflow", description: `TensorFlow ${version}, ${device}`, version, device };
}

/** Node 24 dropped two functions that the package calls; Node 22 warns when they are. */
function restoreUtil(): void {
  Object.assign(util, {
    isArray: Array.isArray,
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  });
}
