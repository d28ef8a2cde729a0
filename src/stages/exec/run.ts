import { type StageContext, StageError, type StageModule } from "../../contract/stage.js";
import { TASK_VARIABLE } from "../../contract/task.js";
import { linkInputs } from "./inputs.js";
import { collectOutputs } from "./outputs.js";
import type { Params } from "./schema.js";
import { runShell } from "./shell.js";
import { describeTables } from "./tables.js";

/** The only variables handed on without being declared. */
const PLAIN = ["PATH", "HOME", "TMPDIR", "LANG"];

/** Runs the command in the pipeline file's folder; what it leaves in $OUTPUT, with the declared outputs, is the result. */
export const stage: StageModule = {
  async run(context) {
    const params = context.with as Params;
    const output = context.outDir("out");
    const env = environment(context, params);
    const exit = await runShell(params.command, {
      cwd: context.base,
      env: { ...env, ...linkInputs(context), OUTPUT: output },
      signal: context.signal,
      guarded: params.env.length > 0,
    });
    if (exit.signal !== null) {
      throw new StageError(`the command was ended by ${exit.signal}: ${firstLine(params.command)}`, {
        hint:
          exit.signal === "SIGKILL"
            ? "SIGKILL is how the kernel ends a process that takes too much memory"
            : "the end of its log is above",
      });
    }
    if (exit.code !== 0) {
      throw new StageError(`the command failed with exit code ${exit.code}: ${firstLine(params.command)}`, {
        hint: exitHint(exit.code),
      });
    }
    await collectOutputs(params.outputs, context.base, output);
    return { outputs: { out: await describeTables(context, output) } };
  },
};

function environment(context: StageContext, params: Params): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of [...PLAIN, TASK_VARIABLE]) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  for (const name of params.env) env[name] = context.secret(name);
  return { ...env, ...params.values };
}

function exitHint(code: number | null): string {
  if (code === 127)
    return "127 means that a program was not found; only PATH, HOME, TMPDIR, LANG and `env` are handed on";
  if (code === 126) return "126 means that a file is not executable";
  return "what it printed is in the stage's log; it runs in the pipeline file's folder";
}

function firstLine(command: string): string {
  const [line = ""] = command.trim().split("\n", 1);
  return line.length > 120 ? `${line.slice(0, 119)}…` : line;
}
