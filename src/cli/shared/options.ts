import { type Command, InvalidArgumentError, Option } from "commander";

/** Options that say which pipeline is meant, in which variant. */
export interface PipelineOptions {
  readonly set: readonly string[];
  readonly profile: readonly string[];
}

export interface StoreOptions {
  readonly store: string;
}

export interface OutputOptions {
  readonly json?: true;
}

const collect = (value: string, values: readonly string[]) => [...values, value];

/** Adds -S and -p. */
export function pipelineOptions(command: Command): Command {
  return command
    .option(
      "-S, --set <key=value>",
      "change a value: train.dropout=0.5, params.size=32, seed=3 (repeatable)",
      collect,
      [],
    )
    .option("-p, --profile <name>", "apply a profile of the file (repeatable, in order)", collect, []);
}

/** Adds the arguments `[file] [stages...]`; the action is given them as one list (see splitFile). */
export function stageArguments<Options>(
  command: Command,
  stages: string,
  action: (args: readonly string[], options: Options) => void | Promise<void>,
): Command {
  return command
    .argument("[file]", "pipeline file; pipeline.yaml where left out")
    .argument("[stages...]", stages)
    .action((file: string | undefined, names: string[], options: Options) =>
      action(file === undefined ? [] : [file, ...names], options),
    );
}

const STORE = "artifacts";

/** Adds --store. */
export function storeOption(command: Command): Command {
  return command.addOption(
    new Option("--store <folder>", "the folder of results")
      .env("PIPESTILL_STORE")
      // An empty variable is an unset one.
      .argParser((folder) => folder || STORE)
      .default(STORE),
  );
}

/** What names a store on a command line that is to be copied; "" where it goes without saying. */
export function storeFlag(store: string): string {
  if (store === (process.env.PIPESTILL_STORE || STORE)) return "";
  return ` --store ${/^[\w./@+-]+$/.test(store) ? store : `'${store.replaceAll("'", "'\\''")}'`}`;
}

/** Adds --force. */
export function forceOption(command: Command): Command {
  return command.option(
    "--force <stage>",
    "run a stage although its result exists (repeatable)",
    collect,
    [],
  );
}

/** Adds --json. */
export function jsonOption(command: Command): Command {
  return command.option("--json", "print one JSON document");
}

/** Examples at the end of a verb's help. */
export function examples(
  command: Command,
  lines: readonly (readonly [command: string, does: string])[],
): Command {
  const longest = Math.max(...lines.map(([line]) => line.length));
  const text = lines.map(([line, does]) => `  ${line.padEnd(longest)}  ${does}`).join("\n");
  return command.addHelpText("after", `\nExamples:\n${text}`);
}

/** The value of an option that takes a whole number of at least 1. */
export function positive(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("Expected a whole number from 1.");
  return value;
}

/** The value of an option that takes a score. */
export function share(text: string): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= 0 && value <= 1)) {
    throw new InvalidArgumentError("expected a score from 0 to 1");
  }
  return value;
}
