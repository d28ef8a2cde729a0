import { parentPort, workerData } from "node:worker_threads";
import { describeError } from "../core/errors.js";
import { openEngine } from "../engine/engine.js";
import { resolveEngine } from "../engine/resolve.js";
import { type ModelLocation, openStudent } from "../student/open-student.js";
import type { FromEngine, ToEngine } from "./engine-thread.js";

/** The engine's thread: it computes, and nothing else, so that the server's thread always answers. */
const port = parentPort!;
const say = (message: FromEngine, transfer: ArrayBuffer[] = []) => port.postMessage(message, transfer);

try {
  const engine = await openEngine(resolveEngine("auto"));
  const student = await openStudent(workerData as ModelLocation, engine);
  port.on("message", async ({ images }: ToEngine) => {
    try {
      const scores = await student.predict(images);
      say({ type: "scores", scores }, [scores.buffer as ArrayBuffer]);
    } catch (error) {
      say({ type: "failed", error: describeError(error) });
    }
  });
  const { size, tags, resize } = student;
  say({ type: "ready", student: { size, tags, resize, engine: engine.description } });
} catch (error) {
  say({ type: "failed", error: describeError(error) });
}
