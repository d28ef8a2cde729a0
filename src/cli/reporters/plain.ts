import type { RunEvent } from "../../runner/events.js";
import { summarise } from "../../runner/plan/reasons.js";
import type { Paint } from "../shared/colour.js";
import { count, duration, printable } from "../shared/format.js";
import type { Reporter } from "./reporter.js";
import { outcomeText } from "./stage-line.js";

/** A stage's progress is said at most this often, ms. */
const PROGRESS_EVERY = 5000;

export interface PlainOptions {
  /** Writes one line to stderr. */
  readonly write: (line: string) => void;
  readonly paint: Paint;
  /** Stages that are up to date are said too. */
  readonly verbose: boolean;
  /** Milliseconds on a clock that never goes back. */
  readonly now: () => number;
}

/** One line for each thing that happens: for logs, pipes and CI. */
export function plainReporter(options: PlainOptions): Reporter {
  const { write, paint, verbose, now } = options;
  const said = new Map<string, number>();
  const line = (stage: string, text: string) => write(`${paint("bold", stage)}  ${text}`);
  return {
    listener(event) {
      switch (event.type) {
        case "stage-started":
          said.set(event.stage, now());
          line(event.stage, `starts  (${printable(summarise(event.reasons))})`);
          break;
        case "stage-progress": {
          if (now() - (said.get(event.stage) ?? Number.NEGATIVE_INFINITY) < PROGRESS_EVERY) break;
          said.set(event.stage, now());
          line(event.stage, progressText(event));
          break;
        }
        case "stage-finished": {
          const { status, name } = event.stage;
          if (status === "cached" && !verbose) break;
          const text = outcomeText(event.stage);
          line(name, status === "failed" ? paint("red", text) : text);
          break;
        }
        default: {
          const text = happening(event);
          if (text) write(paint("yellow", text));
        }
      }
    },
    close: async () => {},
  };
}

/** "400 of 1,500  epoch 3/12". */
export function progressText(event: Extract<RunEvent, { type: "stage-progress" }>): string {
  const { done, total, text } = event;
  const amount = total > 0 ? `${count(done)} of ${count(total)}` : count(done);
  return text === undefined ? amount : `${amount}  ${printable(text)}`;
}

/** The line for what is neither start, progress nor end of a stage. */
export function happening(event: RunEvent): string | undefined {
  switch (event.type) {
    case "stage-note":
      return `${event.stage}  note: ${printable(event.message)}`;
    case "stage-retry":
      return `${event.stage}  attempt ${event.attempt} failed, next in ${duration(event.delayMs)}: ${printable(event.message)}`;
    case "stage-waiting":
      return `${event.stage}  waits: another run makes the same result (${printable(event.owner)})`;
    case "store-healed":
      return `store  ${printable(event.message)}`;
    case "run-interrupting":
      return event.message;
    default:
      return undefined;
  }
}
