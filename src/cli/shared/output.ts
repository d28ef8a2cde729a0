import { once } from "node:events";
import { systemHint } from "../../core/errors.js";
import type { Paint } from "./colour.js";
import { paintFor } from "./colour.js";

/** Where results go, and where everything else goes. */
export interface Terminal {
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  readonly outPaint: Paint;
  readonly errPaint: Paint;
}

/**
 * The process's own streams. A reader that goes away (`| head`) is no error: what is left is dropped. Where they cannot be
 * written for another reason (`> file` on a full disk), nothing can be told any more, and the process ends.
 */
export function processTerminal(): Terminal {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "EPIPE") return;
      if (stream === process.stdout) {
        const hint = systemHint(error);
        process.stderr.write(`error: the result cannot be written: ${error.message}\n`);
        if (hint !== undefined) process.stderr.write(`  hint: ${hint}\n`);
      }
      process.exit(1);
    });
  }
  return {
    out: (text) => void process.stdout.write(`${text}\n`),
    err: (text) => void process.stderr.write(`${text}\n`),
    outPaint: paintFor(process.stdout, process.env),
    errPaint: paintFor(process.stderr, process.env),
  };
}

/** Prints a long result piece by piece, no faster than its reader takes it. */
export async function printStream(pieces: AsyncIterable<string>): Promise<void> {
  for await (const piece of pieces) {
    if (!process.stdout.writable) return; // Its reader has gone: `| head`.
    if (!process.stdout.write(piece)) await once(process.stdout, "drain").catch(() => {});
  }
}

/** A result as one JSON document. */
export function jsonText(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
