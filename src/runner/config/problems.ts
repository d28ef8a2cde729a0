import type { ConfigProblem } from "./pipeline.js";

const WIDTH = 110;
const MAX_SHOWN = 100;

/**
 * Problems as text for a terminal: file:line:column and what is wrong, the line with what is meant underlined, and
 * a hint. In the order of the file; those of the command line last.
 */
export function formatProblems(problems: readonly ConfigProblem[], o: { readonly color: boolean }): string {
  const paint = (code: string, text: string) => (o.color ? `\u001b[${code}m${text}\u001b[0m` : text);
  const shown = problems.slice(0, MAX_SHOWN).map((problem) => {
    const { at, source, message, hint } = problem;
    const place = at ? `${at.file}:${at.line}:${at.column}` : source;
    const lines = [`${place === undefined ? "" : `${paint("1", printable(place))}: `}${printable(message)}`];
    if (at && source !== undefined) {
      const { text, column, length } = excerpt(source, at.column, at.endColumn ?? at.column + 1);
      const gutter = String(at.line);
      lines.push(`  ${gutter} | ${text}`);
      lines.push(`  ${" ".repeat(gutter.length)} | ${" ".repeat(column)}${paint("31", "^".repeat(length))}`);
    }
    if (hint !== undefined) lines.push(`  ${paint("36", "hint:")} ${printable(hint)}`);
    return lines.join("\n");
  });
  const more = problems.length - shown.length;
  if (more > 0) shown.push(`and ${more} more`);
  return shown.join("\n\n");
}

/** Orders problems as a reader meets them and drops repetitions. */
export function sortProblems(problems: readonly ConfigProblem[]): ConfigProblem[] {
  const files = [...new Set(problems.map((problem) => problem.at?.file))];
  const rank = ({ at }: ConfigProblem) => [
    at ? files.indexOf(at.file) : files.length,
    at?.line ?? 0,
    at?.column ?? 0,
  ];
  const unique = new Map(problems.map((problem) => [identity(problem), problem]));
  return [...unique.values()].sort((a, b) => {
    const [left, right] = [rank(a), rank(b)];
    const i = left.findIndex((value, index) => value !== right[index]);
    return i < 0 ? 0 : left[i]! - right[i]!;
  });
}

function identity({ at, source, message }: ConfigProblem): string {
  return JSON.stringify(at ? [at, message] : [source ?? "", message]);
}

/** The part of a long line around what is underlined; places are in printed characters. */
function excerpt(line: string, from: number, to: number): { text: string; column: number; length: number } {
  const start = Math.min(from - 1, line.length);
  const cut = line.length > WIDTH && start > WIDTH - 30 ? start - 40 : 0;
  const lead = cut > 0 ? "…" : "";
  const tail = line.length - cut > WIDTH ? "…" : "";
  const text = lead + printable(line.slice(cut, cut + WIDTH)) + tail;
  const column = lead.length + width(line.slice(cut, start));
  const length = Math.max(1, width(line.slice(start, Math.min(to - 1, cut + WIDTH))));
  return { text, column, length };
}

/** Characters that a terminal would act on are made visible; a tab is shown as a space, so that carets line up. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (char) => (char === "\t" ? " " : "\u00b7"));
}

/** Columns that text takes: East Asian wide characters and emoji take two, combining marks none. */
function width(text: string): number {
  let columns = 0;
  for (const char of text) {
    if (/\p{M}/u.test(char)) continue;
    columns +=
      /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u.test(
        char,
      )
        ? 2
        : 1;
  }
  return columns;
}
