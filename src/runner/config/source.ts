import { isUtf8 } from "node:buffer";
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import type { ConfigProblem } from "./pipeline.js";

/** A pipeline file describes stages; data of this size belongs into a file that a stage reads. */
const MAX_BYTES = 1 << 20;

/** A text that values come from: a pipeline file, or an option of the command line. */
export class Source {
  private lineStarts: number[] | undefined;

  private constructor(
    /** What people call it: the path as given, or the option as typed. */
    readonly label: string,
    /** Absolute path of the file; for an option, of the pipeline file it applies to. */
    readonly path: string,
    readonly text: string,
    readonly isOption: boolean,
  ) {}

  static ofFile(label: string, path: string, text: string): Source {
    return new Source(label, path, text, false);
  }

  static ofOption(label: string, path: string, text: string): Source {
    return new Source(label, path, text, true);
  }

  /** Line and column, both from 1; columns count UTF-16 code units. */
  position(offset: number): { line: number; column: number } {
    const starts = this.starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return { line: low + 1, column: offset - starts[low]! + 1 };
  }

  /** The text of a line without its line end. */
  line(number: number): string {
    const starts = this.starts();
    const from = starts[number - 1] ?? this.text.length;
    return this.text.slice(from, starts[number] ?? this.text.length).replace(/\r?\n$/, "");
  }

  private starts(): number[] {
    if (this.lineStarts) return this.lineStarts;
    const starts = [0];
    for (let at = this.text.indexOf("\n"); at >= 0; at = this.text.indexOf("\n", at + 1)) starts.push(at + 1);
    this.lineStarts = starts;
    return starts;
  }
}

/** A stretch of a source. */
export interface Place {
  readonly source: Source;
  readonly start: number;
  readonly end: number;
}

/** Adds problems to a list; spreading a long one into push would overflow the stack. */
export function append(problems: ConfigProblem[], more: readonly ConfigProblem[]): void {
  for (const problem of more) problems.push(problem);
}

/** A problem at a place, with what formatProblems needs to show it. */
export function problemAt(place: Place, message: string, hint?: string): ConfigProblem {
  const { source } = place;
  const more = hint === undefined ? {} : { hint };
  if (source.isOption) return { source: source.label, message, ...more };
  const start = source.position(place.start);
  const end = source.position(Math.max(place.end, place.start + 1));
  const text = source.line(start.line);
  const endColumn = end.line === start.line ? end.column : Math.max(text.length, start.column) + 1;
  return { at: { file: source.label, ...start, endColumn }, source: text, message, ...more };
}

/** Reads a pipeline file. A byte order mark and CRLF are accepted; what is no UTF-8 text is explained. */
export function readSource(label: string): Source | ConfigProblem {
  const path = resolve(label);
  let bytes: Buffer | ConfigProblem;
  try {
    bytes = readBounded(label, path);
  } catch (error) {
    return unreadable(label, error as NodeJS.ErrnoException);
  }
  if (!Buffer.isBuffer(bytes)) return bytes;
  if ((bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff)) {
    return { message: `${label} is UTF-16 text`, hint: "save it as UTF-8" };
  }
  if (!isUtf8(bytes)) return invalidUtf8(label, path, bytes);
  const text = new TextDecoder().decode(bytes);
  const source = Source.ofFile(label, path, text);
  const nul = text.indexOf("\0");
  if (nul >= 0) {
    const message = "the file holds a NUL character: it is no text";
    return problemAt({ source, start: nul, end: nul + 1 }, message, "is this the right file?");
  }
  return source;
}

function readBounded(label: string, path: string): Buffer | ConfigProblem {
  // Without O_NONBLOCK, opening a FIFO would wait for a writer.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (stat.isDirectory()) {
      return { message: `${label} is a folder`, hint: "name the pipeline file in it" };
    }
    if (!stat.isFile()) {
      return { message: `${label} is no regular file`, hint: "a pipeline is read from a plain YAML file" };
    }
    if (stat.size > MAX_BYTES) return tooLarge(label, stat.size);
    // One byte more than the file has: it may be growing.
    const bytes = Buffer.allocUnsafe(stat.size + 1);
    let length = 0;
    for (;;) {
      const got = readSync(fd, bytes, length, bytes.length - length, null);
      if (got === 0) return bytes.subarray(0, length);
      length += got;
      if (length === bytes.length) return { message: `${label} is being written to`, hint: "try again" };
    }
  } finally {
    closeSync(fd);
  }
}

function tooLarge(label: string, size: number): ConfigProblem {
  return {
    message: `${label} has ${(size / MAX_BYTES).toFixed(1)} MiB; a pipeline file has 1 MiB at most`,
    hint: "is this the right file? Long lists belong into files that a stage reads",
  };
}

function unreadable(label: string, error: NodeJS.ErrnoException): ConfigProblem {
  switch (error.code) {
    case "ENOENT":
      return {
        message: `there is no file ${label}`,
        hint: "is the path right, seen from the current folder?",
      };
    case "ENOTDIR":
      return { message: `there is no file ${label}: a part of its path is no folder` };
    case "EACCES":
    case "EPERM":
      return { message: `${label} may not be read`, hint: "check its permissions" };
    case "ELOOP":
      return { message: `${label} is a loop of symbolic links` };
    default:
      return { message: `${label} cannot be read: ${error.code ?? error.message}` };
  }
}

function invalidUtf8(label: string, path: string, bytes: Buffer): ConfigProblem {
  const readable = readableLength(bytes);
  // What is left of a character that goes wrong later is not part of the good text.
  let offset = readable;
  while (!isUtf8(bytes.subarray(0, offset))) offset--;
  const before = new TextDecoder().decode(bytes.subarray(0, offset));
  const source = Source.ofFile(label, path, new TextDecoder().decode(bytes));
  const cut = readable === bytes.length;
  const what = cut ? "ends inside the character" : `holds the byte 0x${bytes[offset]!.toString(16)}`;
  return problemAt(
    { source, start: before.length, end: before.length + 1 },
    `the file ${what} at offset ${offset}: it is no valid UTF-8`,
    "save it as UTF-8",
  );
}

/** How many bytes a decoder reads before it finds fault; all of them where the text is cut short. */
function readableLength(bytes: Buffer): number {
  let readable = 0;
  let faulty = bytes.length + 1;
  while (faulty - readable > 1) {
    const middle = (readable + faulty) >> 1;
    try {
      new TextDecoder("utf-8", { fatal: true }).decode(bytes.subarray(0, middle), { stream: true });
      readable = middle;
    } catch {
      faulty = middle;
    }
  }
  return readable;
}
