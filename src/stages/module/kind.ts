import { pathToFileURL } from "node:url";
import type { Kind } from "../../contract/kind.js";

/**
 * The kind of a user's own module, `uses: ./my-stage.mjs`: a whole stage with any inputs and one output port, `out`.
 * The module exports `run(context)`, by name or on its default export; see StageModule in contract/stage.ts.
 *
 * The module's path goes in the query string of the adapter's URL, and not into `with`: `with` is the user's, and in
 * the fingerprint, where a path of this machine must not be. What is in the fingerprint is the module's local import
 * graph by content. Nothing of the module is imported here.
 */
export function moduleKind(path: string): Kind {
  const adapter = new URL("./run.js", import.meta.url);
  adapter.searchParams.set("module", pathToFileURL(path).href);
  return {
    name: "module",
    version: 1,
    summary: "A stage of your own: a module that exports `run(context)`",
    inputs: {},
    anyInputs: true,
    outputs: [{ name: "out", summary: 'what the module wrote to context.outDir("out")' }],
    // It is given a seed, so the pipeline's seed must be able to change its result.
    random: true,
    cpus: 1,
    module: adapter.href,
    async identity({ hashFile }) {
      const { importGraph } = await import("./graph.js");
      return importGraph(path, hashFile);
    },
  };
}
