import { isJsonObject, type Json } from "../../../../core/json.js";
import { type Line, linesOf } from "./lines.js";

/** One row of a list: its fields by name, or what is wrong with it. */
export type Row = { readonly line: number } & (
  | { readonly fields: Readonly<Record<string, Json>> }
  | { readonly fault: string }
);

/** A quoted field may go over so many lines; a quote that is not closed by then was no beginning of a field. */
const MOST_LINES = 100;

/** The column that the lines of a plain list are. */
export const PLAIN_COLUMN = "url";

/** A plain list: an address a line. */
export async function* plainRows(path: string): AsyncGenerator<Row> {
  for await (const { number: line, text } of filled(path)) {
    yield text === undefined
      ? { line, fault: "too long" }
      : { line, fields: { [PLAIN_COLUMN]: text.trim() } };
  }
}

/** A JSON object a line. */
export async function* jsonRows(path: string): AsyncGenerator<Row> {
  for await (const { number: line, text } of filled(path)) {
    if (text === undefined) yield { line, fault: "too long" };
    else yield { line, ...parseObject(text) };
  }
}

/** Tab-separated values, the first line their names; quotes mean nothing. */
export async function* tsvRows(path: string): AsyncGenerator<Row> {
  let names: readonly string[] | undefined;
  for await (const { number: line, text } of filled(path)) {
    if (text === undefined) yield { line, fault: "too long" };
    else if (!names) names = text.split("\t");
    else yield { line, ...named(names, text.split("\t")) };
  }
}

/**
 * Comma-separated values (RFC 4180), the first record their names. A quoted field may hold commas, doubled quotes and line
 * ends. Where a quote stays open, the line it stands in is at fault and reading goes on with the next.
 */
export async function* csvRows(path: string): AsyncGenerator<Row> {
  const lines = new ReadAhead(linesOf(path));
  let names: readonly string[] | undefined;
  for (let first = await lines.next(); first; first = await lines.next()) {
    const { number: line, text } = first;
    if (text === undefined) {
      yield { line, fault: "too long" };
      continue;
    }
    if (text.trim() === "") continue;
    const ahead: Line[] = [];
    let values = splitRecord(text);
    while (values === "open" && ahead.length < MOST_LINES) {
      const next = await lines.next();
      if (!next) break;
      ahead.push(next);
      if (next.text === undefined) break;
      // No other line can close it.
      if (next.text.includes('"')) values = splitRecord([text, ...ahead.map((more) => more.text)].join("\n"));
    }
    if (values === "open" || (values === "stray" && ahead.length > 0)) {
      lines.unread(ahead);
      yield { line, fault: "a quote that is not closed" };
    } else if (values === "stray") yield { line, fault: "text beside a quoted field" };
    else if (names) yield { line, ...named(names, values) };
    else names = values;
  }
}

/** Lines one by one, some of which may be given back. */
class ReadAhead {
  private lines: readonly Line[] = [];
  private at = 0;

  constructor(private readonly pieces: AsyncGenerator<readonly Line[]>) {}

  async next(): Promise<Line | undefined> {
    while (this.at >= this.lines.length) {
      const next = await this.pieces.next();
      if (next.done) return undefined;
      this.lines = next.value;
      this.at = 0;
    }
    return this.lines[this.at++];
  }

  unread(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    this.lines = [...lines, ...this.lines.slice(this.at)];
    this.at = 0;
  }
}

/** Splits a record. "open": a quote is not closed yet; "stray": text beside a quoted field. */
function splitRecord(text: string): readonly string[] | "open" | "stray" {
  if (!text.includes('"')) return text.split(",");
  const values: string[] = [];
  for (let at = 0; ; ) {
    if (text[at] !== '"') {
      const comma = text.indexOf(",", at);
      values.push(text.slice(at, comma < 0 ? undefined : comma));
      if (comma < 0) return values;
      at = comma + 1;
      continue;
    }
    let value = "";
    for (at += 1; ; ) {
      const quote = text.indexOf('"', at);
      if (quote < 0) return "open";
      value += text.slice(at, quote);
      at = quote + 1;
      if (text[at] !== '"') break;
      value += '"';
      at += 1;
    }
    values.push(value);
    if (at >= text.length) return values;
    if (text[at] !== ",") return "stray";
    at += 1;
  }
}

function named(
  names: readonly string[],
  values: readonly string[],
): { fields: Record<string, Json> } | { fault: string } {
  if (names.length !== values.length) {
    return {
      fault: `${values.length} ${values.length === 1 ? "value" : "values"} where the head names ${names.length}`,
    };
  }
  return { fields: Object.fromEntries(names.map((name, i) => [name, values[i] as string])) };
}

function parseObject(text: string): { fields: Readonly<Record<string, Json>> } | { fault: string } {
  try {
    const value = JSON.parse(text) as Json;
    return isJsonObject(value) ? { fields: value } : { fault: "not a JSON object" };
  } catch {
    return { fault: "not JSON" };
  }
}

/** The lines that hold anything. */
async function* filled(path: string): AsyncGenerator<Line> {
  for await (const lines of linesOf(path)) {
    for (const line of lines) if (line.text === undefined || line.text.trim() !== "") yield line;
  }
}
