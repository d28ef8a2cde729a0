import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import * as wasm from "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
// Registers tfjs's gradients: the module of tfjs-core that does it is none that Node can load.
import "@tensorflow/tfjs-layers";
import { StageError } from "../contract/stage.js";
import type { Engine } from "./engine.js";
import { registerGradients } from "./gradients.js";
import { registerTrainingKernels } from "./kernels/register.js";

/**
 * Opens tfjs's WebAssembly back end: one thread, SIMD where the processor has it. The binary is read from the
 * package's own folder, never fetched.
 *
 * @throws StageError if WebAssembly cannot start.
 */
export async function openWasm(): Promise<Engine> {
  const entry = createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm");
  wasm.setWasmPaths(join(dirname(entry), "/"));
  if (!(await tf.setBackend("wasm"))) {
    throw new StageError("the wasm engine did not start", {
      class: "engine-missing",
      hint: "reinstall the package @tensorflow/tfjs-backend-wasm (npm ci)",
    });
  }
  registerTrainingKernels();
  registerGradients();
  const simd = await tf.env().getAsync("WASM_HAS_SIMD_SUPPORT");
  return {
    id: "wasm",
    description: `tfjs-backend-wasm ${wasm.version_wasm}${simd ? ", SIMD" : ""}, one thread`,
  };
}
