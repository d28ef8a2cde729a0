import { bytes } from "./format.js";
import type { Terminal } from "./output.js";

const BAR = 24;
/** Milliseconds between two looks of a line that changes. */
const EVERY = 100;

/** Shows the steps of something long on stderr. */
export interface Steps {
  /** `done` of `total` are bytes. */
  show(step: string, done?: number, total?: number): void;
  end(): void;
}

/** On a terminal one line with a bar, written over; else one line for each step. */
export function stepPrinter(terminal: Pick<Terminal, "err">): Steps {
  const live = process.stderr.isTTY === true && process.env.TERM !== "dumb";
  let current: string | undefined;
  let last = 0;
  const write = (text: string) => void process.stderr.write(text);
  return {
    show(step, done, total) {
      const changed = step !== current;
      if (changed && live && current !== undefined) write("\n");
      if (changed && !live) terminal.err(`${step} …`);
      current = step;
      if (!live || (!changed && done !== total && performance.now() - last < EVERY)) return;
      last = performance.now();
      write(`\r\u001b[K${lineText(step, done, total)}`);
    },
    end() {
      if (live && current !== undefined) write("\n");
      current = undefined;
    },
  };
}

function lineText(step: string, done: number | undefined, total: number | undefined): string {
  if (done === undefined) return `${step} …`;
  if (total === undefined) return `${step}  ${bytes(done)}`;
  // What pip says of the size is rounded.
  const filled = Math.min(BAR, Math.round((BAR * done) / total));
  return `${step}  ${"█".repeat(filled)}${"░".repeat(BAR - filled)}  ${bytes(done)} of ${bytes(total)}`;
}
