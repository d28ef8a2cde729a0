import type { RunEvent } from "../../runner/events.js";
import { summarise } from "../../runner/plan/reasons.js";
import type { Paint } from "../shared/colour.js";
import { printable } from "../shared/format.js";
import { happening, progressText } from "./plain.js";
import type { Reporter } from "./reporter.js";
import { firstLine, outcomeText } from "./stage-line.js";

/** The part of a listr2 task that is painted. */
interface Painted {
  title: string;
  output: string;
  readonly task: { readonly state: string; state$: string };
}

/** A line of the list. It settles when its stage has. */
interface Line {
  title: string;
  output: string;
  started: boolean;
  outcome: "open" | "ok" | "failed" | "skipped";
  task?: Painted;
  readonly settled: Promise<void>;
  readonly settle: () => void;
}

/** One live line for each stage, on a terminal. A run in which nothing starts never loads or shows the list. */
export function terminalReporter(
  stages: readonly string[],
  paint: Paint,
  err: (line: string) => void,
): Reporter {
  const lines = new Map(stages.map((stage) => [stage, newLine(`${stage}  ${paint("dim", "waits")}`)]));
  const happenings: string[] = [];
  let list: Promise<{ readonly painted: Promise<unknown> }> | undefined;

  const update = (stage: string, change: (line: Line) => void) => {
    const line = lines.get(stage);
    if (!line) return;
    change(line);
    show(line);
  };
  const listener = (event: RunEvent) => {
    const text = happening(event);
    if (text !== undefined && event.type !== "run-interrupting") happenings.push(text);
    switch (event.type) {
      case "stage-started":
        list ??= open(lines);
        update(event.stage, (line) => {
          const why = printable(firstLine(summarise(event.reasons)));
          line.title = `${paint("bold", event.stage)}  ${paint("dim", `(${why})`)}`;
          line.started = true;
        });
        break;
      case "stage-progress":
        update(event.stage, (line) => {
          line.output = progressText(event);
        });
        break;
      case "stage-waiting":
      case "stage-retry":
        update(event.stage, (line) => {
          line.output = text ?? "";
        });
        break;
      case "run-interrupting":
        for (const [stage, { outcome }] of lines) {
          if (outcome !== "open") continue;
          update(stage, (line) => {
            line.output = event.message;
          });
        }
        break;
      case "stage-finished": {
        const { name, status } = event.stage;
        update(name, (line) => {
          line.title = `${paint("bold", name)}  ${outcomeText(event.stage)}`;
          line.output = "";
          line.started = true;
          line.outcome =
            status === "failed" ? "failed" : status === "ran" || status === "cached" ? "ok" : "skipped";
          line.settle();
        });
        break;
      }
    }
  };
  return {
    listener,
    async close() {
      for (const line of lines.values()) line.settle();
      await (await list)?.painted;
      for (const text of happenings) err(paint("yellow", text));
    },
  };
}

function newLine(title: string): Line {
  let settle = () => {};
  const settled = new Promise<void>((resolve) => {
    settle = resolve;
  });
  return { title, output: "", started: false, outcome: "open", settled, settle };
}

function show({ task, title, output, started }: Line): void {
  if (!task) return;
  // To listr2 all tasks are under way from the start: those that wait for their inputs shall not spin.
  const [is, shall] = [task.task.state, started ? "STARTED" : "WAITING"];
  if (is !== shall && (is === "STARTED" || is === "WAITING")) task.task.state$ = shall;
  task.title = title;
  task.output = output;
}

/**
 * Loads listr2 and starts painting, on stderr: by itself it would take stdout, which belongs to the results. In an
 * object, so that awaiting the list does not await its end.
 */
async function open(lines: ReadonlyMap<string, Line>): Promise<{ readonly painted: Promise<unknown> }> {
  const { Listr, ListrLogger, DefaultRenderer, ProcessOutput } = await import("listr2");
  /** listr2 asks whether stdout is a terminal; it paints on stderr here, which is one. */
  class StderrRenderer extends DefaultRenderer {
    static override nonTTY = true;
  }
  const tasks = [...lines.values()].map((line) => ({
    title: line.title,
    async task(_: unknown, task: Painted & { skip(message: string): void }) {
      line.task = task;
      show(line);
      await line.settled;
      if (line.outcome === "failed") throw new Error(line.title);
      if (line.outcome !== "ok") task.skip(line.title);
    },
  }));
  const list = new Listr(tasks, {
    concurrent: true,
    exitOnError: false,
    registerSignalListeners: false,
    renderer: StderrRenderer,
    rendererOptions: {
      logger: new ListrLogger({
        useIcons: true,
        processOutput: new ProcessOutput(process.stderr, process.stderr, { leaveEmptyLine: false }),
      }),
      showErrorMessage: false,
      // The summary that follows says the same once more, unless it goes elsewhere.
      clearOutput: process.stdout.isTTY === true,
      formatOutput: "truncate",
    },
  });
  return { painted: list.run() };
}
