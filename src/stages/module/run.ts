import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { StageError, type StageModule } from "../../contract/stage.js";

/** The adapter between the stage host and a user's module, whose file URL is this URL's `module` query parameter. */
export const stage: StageModule = {
  async run(context) {
    const url = new URL(import.meta.url).searchParams.get("module");
    if (url === null) throw new Error("the adapter's URL names no module");
    const result = await (await load(url)).run(context);
    if (result === undefined) return {};
    if (typeof result !== "object" || result === null) {
      throw new StageError(`run() of ${fileURLToPath(url)} gave ${typeof result}`, {
        hint: "return { outputs?, metrics? }, or nothing",
      });
    }
    return result;
  },
};

/** @throws StageError for a module that is missing, does not load, or exports no `run` */
async function load(url: string): Promise<StageModule> {
  const path = fileURLToPath(url);
  if (!existsSync(path)) throw new StageError(`there is no module ${path}`);
  let module: { readonly run?: unknown; readonly default?: { readonly run?: unknown } | null };
  try {
    module = await import(url);
  } catch (error) {
    if (error instanceof SyntaxError) {
      throw new StageError(`${path} has a syntax error: ${error.message}`, {
        hint: `node --check ${path} shows the place`,
      });
    }
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new StageError(`${path} does not load: ${message}`, {
      hint: "imports resolve from the module's own folder",
    });
  }
  if (typeof module.run === "function") return module as StageModule;
  if (typeof module.default?.run === "function") return module.default as StageModule;
  throw new StageError(`${path} exports no \`run\``, {
    hint: 'export async function run(context) { … write to context.outDir("out") … }',
  });
}
