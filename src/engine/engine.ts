import type { EngineId } from "./resolve.js";

/**
 * A tensor back end that is ready: tfjs's global back end is set to it, and every kernel and gradient that training
 * needs is registered. Code that computes imports `@tensorflow/tfjs-core` and takes an Engine as the proof of that.
 */
export interface Engine {
  readonly id: EngineId;
  /** For people and the lineage: package version and what the processor offers it. */
  readonly description: string;
}

const OPENERS: Readonly<Record<EngineId, () => Promise<Engine>>> = {
  wasm: async () => (await import("./wasm.js")).openWasm(),
  tensorflow: async () => (await import("./native/load.js")).openNative(),
};

const opened = new Map<EngineId, Promise<Engine>>();

/**
 * Opens an engine once per process and makes it the current one.
 *
 * @throws StageError where the engine is not there.
 */
export function openEngine(id: EngineId): Promise<Engine> {
  let engine = opened.get(id);
  if (!engine) {
    engine = OPENERS[id]();
    opened.set(id, engine);
  }
  return engine;
}
