import { Command, CommanderError, Help } from "commander";
import { StageError, systemHint } from "../core/errors.js";
import { VERSION } from "../core/version.js";
import { ConfigError, EXIT, UsageError } from "./shared/errors.js";
import { jsonText, processTerminal, type Terminal } from "./shared/output.js";

/** A verb's module: adds arguments, options, examples and the action to its command. */
export interface Verb {
  declare(command: Command, terminal: Terminal): void;
}

interface VerbEntry {
  readonly name: string;
  readonly summary: string;
  readonly load: () => Promise<Verb>;
}

/** The verbs in the order of the help. Only the one that is used is loaded. */
export const VERBS: readonly VerbEntry[] = [
  {
    name: "run",
    summary: "run a pipeline: what is not up to date, and nothing else",
    load: () => import("./run.js"),
  },
  { name: "plan", summary: "tell what a run would do, and exactly why", load: () => import("./plan.js") },
  { name: "status", summary: "one line for each stage, and the last run", load: () => import("./status.js") },
  {
    name: "explain",
    summary: "everything that decides whether a stage runs",
    load: () => import("./explain.js"),
  },
  {
    name: "dag",
    summary: "draw the stages and what they take from each other",
    load: () => import("./dag.js"),
  },
  { name: "validate", summary: "check a pipeline file", load: () => import("./validate.js") },
  { name: "runs", summary: "list past runs, or show one", load: () => import("./runs.js") },
  {
    name: "lineage",
    summary: "follow an artifact, item, file or run to its sources and on",
    load: () => import("./lineage.js"),
  },
  { name: "predict", summary: "tag images with a trained student", load: () => import("./predict.js") },
  {
    name: "serve",
    summary: "serve a trained student over HTTP, as Google Cloud Vision is spoken to",
    load: () => import("./serve.js"),
  },
  {
    name: "export",
    summary: "write an artifact in a form that other programs read",
    load: () => import("./export.js"),
  },
  {
    name: "engine",
    summary: "install, list or remove the native engine, which trains faster",
    load: () => import("./engine.js"),
  },
  {
    name: "du",
    summary: "tell what takes the space in the store",
    load: () => import("./du.js"),
  },
  { name: "gc", summary: "remove from the store what nothing refers to", load: () => import("./gc.js") },
  {
    name: "verify",
    summary: "check every byte in the store against its name",
    load: () => import("./verify.js"),
  },
  {
    name: "doctor",
    summary: "look for what is wrong with the store, the disk and the installation",
    load: () => import("./doctor.js"),
  },
];

/** The whole program, with the named verb's (or every verb's) arguments and options. */
export async function program(terminal: Terminal, wanted: "all" | string | undefined): Promise<Command> {
  // Commander gives a command its parent's settings as they are when it is added.
  const root = quietly(new Command("pipe"), terminal)
    .description(
      "Runs machine-learning pipelines as cached, content-hashed stages and records where everything came from.",
    )
    .version(VERSION, "-V, --version", "print the version")
    .helpOption("-h, --help", "print this help")
    .helpCommand("help [verb]", "print the help of a verb")
    .addHelpText("after", "\nStart with:\n  pipe run pipelines/vision-distill.yaml\n  pipe help run");
  for (const { name, summary, load } of VERBS) {
    const command = root.command(name).summary(summary).description(capital(summary));
    command.helpOption("-h, --help", "print this help");
    if (wanted === "all" || wanted === name) (await load()).declare(command, terminal);
  }
  return root;
}

const capital = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** Help on stdout, errors by exception, so that one place prints them all. */
function quietly(command: Command, terminal: Terminal): Command {
  return command
    .exitOverride()
    .configureHelp({
      // What a repeatable option starts with is not worth saying.
      optionDescription: (option) =>
        Help.prototype.optionDescription.call(new Help(), option).replace(/ \(default: \[\]\)$/, ""),
    })
    .showSuggestionAfterError(true)
    .configureOutput({ writeErr: () => {}, writeOut: (text) => terminal.out(text.replace(/\n$/, "")) });
}

/** Runs the command line and sets the exit code; never rejects. */
export async function main(argv: readonly string[]): Promise<void> {
  const terminal = processTerminal();
  const [first, second] = argv;
  const verb = first === "help" ? second : first;
  try {
    const root = await program(terminal, verb);
    if (argv.length === 0) {
      terminal.err(root.helpInformation().trimEnd());
      process.exitCode = EXIT.usage;
      return;
    }
    await root.parseAsync(argv, { from: "user" });
  } catch (error) {
    process.exitCode = await report(error, terminal, argv);
  }
}

/** Prints what went wrong, on stderr and, with --json, as a document on stdout. @returns the exit code */
async function report(error: unknown, terminal: Terminal, argv: readonly string[]): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return EXIT.ok;
  const { errPaint, err } = terminal;
  const say = (message: string, hint?: string) => {
    err(`${errPaint("red", "error:")} ${message}`);
    if (hint !== undefined) err(`  ${errPaint("cyan", "hint:")} ${hint}`);
  };
  const message = isHelpOfNothing(error)
    ? `there is no verb ${argv[argv.indexOf("help") + 1]}`
    : (error instanceof Error ? error.message : String(error)).replace(/^error: /, "");
  const json = (more: object) => {
    if (argv.includes("--json")) terminal.out(jsonText({ error: { message, ...more } }));
  };
  if (error instanceof ConfigError) {
    const { formatProblems } = await import("../runner/config/problems.js");
    err(`${formatProblems(error.problems, { color: errPaint.enabled })}\n`);
    say(message);
    json({ problems: error.problems });
    return EXIT.usage;
  }
  if (error instanceof CommanderError) {
    const forgot = /\.ya?ml$/.test(argv[0] ?? "");
    const hint = forgot ? `pipe run ${argv[0]}` : `see pipe help${verbOf(argv)}`;
    say(message, hint);
    json({ hint, problems: [] });
    return EXIT.usage;
  }
  if (error instanceof UsageError || error instanceof StageError) {
    const hint = error instanceof UsageError ? error.hint : error.options.hint;
    say(message, hint);
    json({ ...(hint === undefined ? {} : { hint }), problems: [] });
    return error instanceof UsageError ? EXIT.usage : EXIT.failed;
  }
  json({ problems: [] });
  if (isSystemError(error)) {
    say(message, systemHint(error));
    return EXIT.failed;
  }
  say(
    `${message}\n  This is a bug in pipestill.`,
    debugs(argv) ? undefined : "PIPESTILL_DEBUG=1 shows where it happened",
  );
  if (debugs(argv) && error instanceof Error) err(error.stack ?? "");
  return EXIT.failed;
}

/** Whether help was asked for a verb that is none: commander's message for that is a word of its own use. */
function isHelpOfNothing(error: unknown): boolean {
  return error instanceof CommanderError && error.code === "commander.help";
}

const debugs = (argv: readonly string[]) =>
  Boolean(process.env.PIPESTILL_DEBUG) || argv.includes("--verbose");

const verbOf = ([first]: readonly string[]) => (VERBS.some(({ name }) => name === first) ? ` ${first}` : "");

/** A disk that is full, a folder that may not be written: its message says what and where. */
function isSystemError(error: unknown): boolean {
  return error instanceof Error && "code" in error && "syscall" in error;
}
