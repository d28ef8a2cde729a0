import { rmSync } from "node:fs";
import { join } from "node:path";
import { ENGINE_FILES, type InstalledEngine } from "../native/installed.js";
import { bytesIn } from "./leftovers.js";

/** Removes an engine. One that is cut off leaves nothing that counts as an engine. @returns the bytes it held */
export function removeEngine({ folder }: InstalledEngine): number {
  const bytes = bytesIn(folder);
  rmSync(join(folder, ENGINE_FILES.record), { force: true });
  rmSync(folder, { recursive: true, force: true });
  return bytes;
}
