import { before, describe, it } from "node:test";
import * as tf from "@tensorflow/tfjs-core";
import { openEngine } from "../../src/engine/engine.js";
import { usableEngine } from "../../src/engine/native/installed.js";
import type { EngineId } from "../../src/engine/resolve.js";

/** Declares tests once for each engine; the native one's are skipped where it is not installed. */
export function onEachEngine(declare: (id: EngineId) => void): void {
  for (const id of ["wasm", "tensorflow"] as const) {
    describe(`engine ${id}`, () => {
      if (id === "tensorflow" && !usableEngine()) {
        it("its tests", { skip: "no native engine is installed here: pipe engine install" }, () => {});
        return;
      }
      before(async () => {
        await openEngine(id);
        await tf.setBackend(id);
      });
      declare(id);
    });
  }
}
