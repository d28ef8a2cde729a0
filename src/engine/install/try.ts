import { fileURLToPath } from "node:url";
import { StageError } from "../../contract/stage.js";
import type { NativeEngine } from "../native/load.js";
import { DEFAULT_TENSORFLOW, SUPPORTED } from "./releases.js";
import { lastLines, runTool } from "./tool.js";

/**
 * Has another process load the engine of a folder and compute on it.
 *
 * @returns what TensorFlow says it is and computes on
 * @throws StageError where it does not work here
 */
export async function tryEngine(
  folder: string,
  signal: AbortSignal,
): Promise<Pick<NativeEngine, "version" | "device">> {
  const program = fileURLToPath(new URL("../native/probe.js", import.meta.url));
  const result = await runTool(process.execPath, [program, folder], { signal });
  if (result?.code === 0) return JSON.parse(result.stdout) as Pick<NativeEngine, "version" | "device">;
  const others = SUPPORTED.filter((version) => version !== DEFAULT_TENSORFLOW).join(" or ");
  throw new StageError(`the engine does not work here:\n${lastLines(result?.stderr ?? "")}`, {
    class: "engine-broken",
    hint: `another version may: pipe engine install --tensorflow ${others}`,
  });
}
