import { StageError } from "../contract/stage.js";
import { usableEngine } from "./native/installed.js";
import { nativePlatform } from "./native/platform.js";

/** What computes: tfjs's WebAssembly back end, or libtensorflow. The id stands in fingerprints. */
export type EngineId = "wasm" | "tensorflow";

/**
 * The engine that `auto` (the fastest that is installed), `wasm` or `native` resolves to. Light: it reads the folder of
 * installed engines and loads no tensor library, so the runner calls it at every plan.
 *
 * @throws StageError for `native` where it is not installed, and for a word that names no engine.
 */
export function resolveEngine(wish: string): EngineId {
  switch (wish) {
    case "auto":
      return usableEngine() ? "tensorflow" : "wasm";
    case "wasm":
      return "wasm";
    case "native":
      if (usableEngine()) return "tensorflow";
      throw new StageError("the native engine is not installed", {
        class: "engine-missing",
        hint: "pipe engine install, or use `engine: auto`, which falls back to wasm",
      });
    default:
      throw new StageError(`unknown engine "${wish}": expected auto, wasm or native`, {
        class: "engine-unknown",
      });
  }
}

/**
 * One line for who trains on wasm where the native engine could run; nothing for who chose wasm. Its figures are
 * measured: docs/decisions/0008-native-engine.md.
 */
export function nativeAdvice(wish: string, engine: EngineId): string | undefined {
  if (wish !== "auto" || engine !== "wasm" || !nativePlatform()) return undefined;
  return "trains on wasm; the native engine takes about a third of the time for vgg-small, a tenth for vgg16: pipe engine install";
}
