import { relative } from "node:path";
import type { Command } from "commander";
import type { Problem } from "../runner/store/problem.js";
import { verify } from "../runner/store/verify.js";
import type { Paint } from "./shared/colour.js";
import { EXIT } from "./shared/errors.js";
import { plural, printable } from "./shared/format.js";
import {
  examples,
  jsonOption,
  type OutputOptions,
  type StoreOptions,
  storeOption,
} from "./shared/options.js";
import { jsonText, type Terminal } from "./shared/output.js";
import { withExistingStore } from "./shared/session.js";

interface VerifyCommandOptions extends StoreOptions, OutputOptions {
  readonly fix?: true;
}

export function declare(command: Command, terminal: Terminal): void {
  command.option("--fix", "take what is broken out of use, so that the next run makes it again");
  jsonOption(storeOption(command));
  examples(command, [
    ["pipe verify", "name everything that is broken; exit code 1 if anything is"],
    ["pipe verify --fix", "and take it out of use"],
  ]);
  command.action((options: VerifyCommandOptions) => verifyStore(options, terminal));
}

async function verifyStore(options: VerifyCommandOptions, terminal: Terminal): Promise<void> {
  const { fix = false, json } = options;
  const problems: Problem[] = [];
  await withExistingStore(options.store, async (store) => {
    for await (const problem of verify(store, { fix })) {
      problems.push(problem);
      if (!json) terminal.out(problemText(problem, terminal.outPaint));
    }
  });
  terminal.out(json ? jsonText({ problems }) : verdict(problems, fix));
  if (problems.some(({ fixed }) => !fixed)) process.exitCode = EXIT.failed;
}

function problemText({ what, path, message, fixed }: Problem, paint: Paint): string {
  const mark = fixed ? paint("yellow", "fixed") : paint("red", "broken");
  return `${mark}  ${what}  ${printable(message)}  ${paint("dim", relative(process.cwd(), path))}`;
}

/** The last line: how much is broken, and what to do. */
export function verdict(problems: readonly Problem[], fix: boolean): string {
  if (problems.length === 0) return "The store is sound.";
  const found = plural(problems.length, "problem");
  const left = problems.filter(({ fixed }) => !fixed).length;
  if (left === 0) return `${found}, all out of use now: the next run makes again what it needs.`;
  return fix
    ? `${found}, ${left} of them still there.`
    : `${found}. pipe verify --fix takes what is broken out of use.`;
}
