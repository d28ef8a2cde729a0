import { StageError } from "../contract/stage.js";

/** What computes: tfjs's WebAssembly back end, or libtensorflow. The id stands in fingerprints. */
export type EngineId = "wasm" | "tensorflow";

/**
 * The engine that `auto` (the fastest that is installed), `wasm` or `native` resolves to. Light: it loads no tensor library, so the runner calls it at every plan.
 *
 * @throws StageError for `native`, and for a word that names no engine.
 */
export function resolveEngine(wish: string): EngineId {
  switch (wish) {
    case "auto":
    case "wasm":
      return "wasm";
    case "native":
      throw new StageError("the native engine is not part of this version", {
        class: "engine-missing",
        hint: "use `engine: auto` or `engine: wasm`",
      });
    default:
      throw new StageError(`unknown engine "${wish}": expected auto, wasm or native`, {
        class: "engine-unknown",
      });
  }
}
