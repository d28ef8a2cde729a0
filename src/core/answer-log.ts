import { closeSync, fsyncSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { readInto, writeWhole } from "./files.js";
import { type Sha256, sha256 } from "./hash.js";
import { PackIndex, type PackPlace, PackTable } from "./pack-index.js";

/**
 * A log of answers that were paid for, JSON lines. `asked` stands there before a request goes out, then for each item
 * either its answer, with the sha256 of the answer's text, or `unanswered`:
 *
 *     {"asked":["<blob>", …]}
 *     {"blob":"<blob>","sum":"<sha256>","answer":{…}}
 *     {"unanswered":["<blob>", …]}
 */
export type AnswerNote = { readonly asked: readonly Sha256[] } | { readonly unanswered: readonly Sha256[] };

const START = '{"blob":"';
const SUM = '","sum":"';
const ANSWER = '","answer":';
const SUM_AT = START.length + 64 + SUM.length;
const ANSWER_AT = SUM_AT + 64 + ANSWER.length;

const CHUNK = 1 << 20;
const NEWLINE = 10;

/** @param json a JSON text without line breaks */
function answerLine(blob: Sha256, json: string): string {
  return `${START}${blob}${SUM}${sha256(json)}${ANSWER}${json}}\n`;
}

/** The answer's text in a line, without its line break; undefined for a line that is damaged or no answer. */
export function answerIn(line: string): string | undefined {
  const json = line.slice(ANSWER_AT, -1);
  return isAnswer(line) && line.endsWith("}") && sha256(json) === line.slice(SUM_AT, SUM_AT + 64)
    ? json
    : undefined;
}

/** Whether a line is that of an answer, sound or not. */
export function isAnswer(line: string): boolean {
  return line.startsWith(START);
}

/** The whole lines of a file with their places, without line breaks; a torn last one is no line. */
export function* logLines(path: string): Generator<PackPlace & { readonly bytes: Buffer }> {
  const fd = openSync(path, "r");
  try {
    let rest = Buffer.alloc(0);
    let start = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(CHUNK);
      const got = readSync(fd, chunk, 0, CHUNK, start + rest.length);
      if (got === 0) return;
      const buffer = Buffer.concat([rest, chunk.subarray(0, got)]);
      let at = 0;
      for (let end = buffer.indexOf(NEWLINE, rest.length); end >= 0; end = buffer.indexOf(NEWLINE, at)) {
        yield { offset: start + at, length: end - at, bytes: buffer.subarray(at, end) };
        at = end + 1;
      }
      rest = buffer.subarray(at);
      start += at;
    }
  } finally {
    closeSync(fd);
  }
}

/** The index of a log: blob → place of its line. */
export function indexLog(path: string): PackTable {
  const table = new PackTable();
  for (const { bytes, offset, length } of logLines(path)) {
    const head = bytes.toString("latin1", 0, START.length + 64);
    if (isAnswer(head)) table.add(Buffer.from(head.slice(START.length), "hex"), { offset, length });
  }
  return table;
}

/** Appends to a log of its own; what it has written it can read back. */
export class AnswerWriter {
  private readonly fd: number;
  private readonly table = new PackTable();
  private size = 0;

  constructor(path: string) {
    this.fd = openSync(path, "ax+");
  }

  note(note: AnswerNote): void {
    this.write(Buffer.from(`${JSON.stringify(note)}\n`));
  }

  keep(answers: readonly { readonly blob: Sha256; readonly json: string }[]): void {
    const lines = answers.map(({ blob, json }) => Buffer.from(answerLine(blob, json)));
    let offset = this.size;
    this.write(Buffer.concat(lines));
    lines.forEach((line, i) => {
      this.table.add(Buffer.from(answers[i]!.blob, "hex"), { offset, length: line.length - 1 });
      offset += line.length;
    });
  }

  get(blob: Sha256): string | undefined {
    const place = this.table.find(Buffer.from(blob, "hex"));
    return place && readAnswer(this.fd, place);
  }

  close(): void {
    closeSync(this.fd);
  }

  private write(bytes: Buffer): void {
    writeWhole(this.fd, bytes);
    this.size += bytes.length;
    fsyncSync(this.fd);
  }
}

/** Finds answers in the logs of a folder, as they are when it is first asked. */
export class AnswerReader {
  private logs: { readonly path: string; readonly index: PackIndex }[] | undefined;

  constructor(private readonly folder: string) {}

  /** A sound answer about a blob. */
  get(blob: Sha256): string | undefined {
    const key = Buffer.from(blob, "hex");
    for (const { path, index } of this.open()) {
      const place = index.find(key);
      const json = place && readFrom(path, place);
      if (json !== undefined) return json;
    }
    return undefined;
  }

  private open() {
    this.logs ??= listLogs(this.folder).map((name) => {
      const path = join(this.folder, `${name}.jsonl`);
      const { size } = statSync(path);
      const stored = PackIndex.read(join(this.folder, `${name}.idx`));
      const index = stored?.packSize === size ? stored : PackIndex.decode(indexLog(path).encode(size));
      if (!index) throw new Error("an index that was just made is broken");
      return { path, index };
    });
    return this.logs;
  }
}

function readFrom(path: string, place: PackPlace): string | undefined {
  const fd = openSync(path, "r");
  try {
    return readAnswer(fd, place);
  } finally {
    closeSync(fd);
  }
}

/** Names of the logs in a folder, sorted. */
export function listLogs(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((file) => file.endsWith(".jsonl") && !file.startsWith("."))
      .map((file) => file.slice(0, -".jsonl".length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function readAnswer(fd: number, { offset, length }: PackPlace): string | undefined {
  const line = Buffer.allocUnsafe(length);
  if (readInto(fd, offset, line) < length) return undefined;
  return answerIn(line.toString("utf8"));
}
