import { resolve } from "node:path";
import type { Kind } from "../../contract/kind.js";
import { StageError } from "../../contract/stage.js";

/** Runs a shell command of the user's own, in any language, as a cached stage. */
export const kind: Kind = {
  name: "exec",
  version: 1,
  summary: "Runs a shell command with declared files, outputs and environment",
  inputs: {},
  anyInputs: true,
  outputs: [{ name: "out", summary: "what the command left in $OUTPUT, and its declared outputs" }],
  // Most commands use one, and two of them at a time are quicker than one after the other.
  cpus: 1,
  module: new URL("./run.js", import.meta.url).href,
  /** The declared files by content: the command line alone would not tell that a script changed. */
  async identity({ with: params, base, hashFile }) {
    const hashes: Record<string, string> = {};
    for (const dep of (params.deps ?? []) as readonly string[]) {
      try {
        hashes[dep] = await hashFile(resolve(base, dep));
      } catch (error) {
        throw new StageError(`the dep ${dep} cannot be read: ${(error as Error).message}`, {
          hint: "deps are files, named relative to the pipeline file",
        });
      }
    }
    return hashes;
  },
};
