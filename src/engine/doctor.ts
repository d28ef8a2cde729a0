import type { Finding } from "../core/finding.js";
import { openEngine } from "./engine.js";
import { resolveEngine } from "./resolve.js";

/** Starts each engine and tells what it is. */
export async function examineEngines(): Promise<Finding[]> {
  return [await examineWasm(), examineNative()];
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

function examineNative(): Finding {
  const check = "native engine";
  try {
    return { check, level: "ok", message: resolveEngine("native") };
  } catch {
    return { check, level: "ok", message: "not installed; the wasm engine does its work" };
  }
}
