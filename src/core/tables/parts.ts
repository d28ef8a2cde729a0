import { createHash } from "node:crypto";
import { fnv1a } from "../fnv.js";
import { type Sha256, sha256 } from "../hash.js";

/** A table as written: its row count and its content hash. */
export interface WrittenTable {
  readonly rows: number;
  /** sha256 over schema and ordered rows: independent of the Parquet encoding and of the DuckDB version. */
  readonly content: Sha256;
  /** Its columns that name blobs in the store, so that gc and verify can follow them. */
  readonly blobColumns?: readonly string[];
  /** What `content` is made of; only of tables whose rows stand in the order of an id of ASCII characters. */
  readonly parts?: TableParts;
}

/** A table that was written before: its file, whose bytes are those of its name, and what is known of it. */
export interface Earlier {
  readonly path: string;
  readonly table: WrittenTable;
}

/** The parts of a table, by which another one is compared with it and written like it. */
export interface TableParts {
  /** sha256 of the columns' names and types. */
  readonly schema: Sha256;
  readonly list: readonly TablePart[];
}

/** Adjacent rows: the id of the first (null where the table has none), their number, sha256 of them as JSON lines. */
export type TablePart = readonly [first: string | null, rows: number, sha256: Sha256];

/** Rows whose id is at least `from` and less than `to`. */
export interface IdRange {
  readonly from: string;
  /** undefined: to the end. */
  readonly to: string | undefined;
}

/** A part begins at one of so many ids, drawn by their hash: a row that comes or goes moves no other part's ends. */
const CUT_BITS = 11;
/** Rows after which a part ends whatever comes. */
const MOST_ROWS = 16 << CUT_BITS;

/**
 * sha256 of "table/2", the schema's sha256, and of each part its sha256, rows and first id, a line each.
 */
export function contentHash({ schema, list }: TableParts): Sha256 {
  const hash = createHash("sha256").update(`table/2\n${schema}\n`);
  for (const [first, rows, sum] of list) hash.update(`${sum} ${rows} ${JSON.stringify(first)}\n`);
  return hash.digest("hex");
}

/** The parts of a table that was read from a manifest; undefined where it has none or they are not those of its content. */
export function soundParts(table: WrittenTable | undefined): TableParts | undefined {
  const { parts } = table ?? {};
  return parts && contentHash(parts) === table?.content ? parts : undefined;
}

/** Whether a part begins at this id whatever stands before it. */
export function beginsPart(id: string): boolean {
  return fnv1a(id) >>> (32 - CUT_BITS) === 0;
}

/** Cuts rows into parts as they come. */
export class PartCutter {
  /** Whether the ids so far were ASCII and ascending: then DuckDB's order, JavaScript's and that of bytes are one. */
  ordered = true;
  private readonly parts: TablePart[] = [];
  private lines: string[] = [];
  private first: string | null = null;
  private last: string | undefined;

  /**
   * Takes the next row.
   *
   * @param line the row as JSON without line breaks
   * @param id its id; null where it has none
   */
  add(line: string, id: string | null): void {
    const key = id ?? line;
    if (this.lines.length > 0 && (this.lines.length === MOST_ROWS || beginsPart(key))) this.cut();
    if (this.lines.length === 0) this.first = id;
    this.lines.push(line);
    if (!this.ordered) return;
    this.ordered = id !== null && (this.last === undefined || this.last < id) && isAscii(id);
    this.last = id ?? undefined;
  }

  /** All parts, after the last row. */
  end(): readonly TablePart[] {
    if (this.lines.length > 0) this.cut();
    return this.parts;
  }

  private cut(): void {
    this.parts.push([this.first, this.lines.length, sha256(this.lines.join("\n"))]);
    this.lines = [];
  }
}

/** NUL, which ends a statement of SQL wherever it stands, is left out. */
function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0 || code > 127) return false;
  }
  return true;
}

/** The ranges of ids outside of which two tables of one schema have the same rows, in order. */
export function differingRanges(was: TableParts, is: TableParts): readonly IdRange[] {
  const ranges: IdRange[] = [];
  let from: string | undefined;
  for (let a = 0, b = 0; a < was.list.length || b < is.list.length; ) {
    const [old, now] = [was.list[a], is.list[b]];
    const [oldFirst, nowFirst] = [old?.[0] ?? undefined, now?.[0] ?? undefined];
    const same = old && now && oldFirst === nowFirst && old[2] === now[2];
    if (same && from !== undefined) ranges.push({ from, to: oldFirst });
    if (same) from = undefined;
    else if (from === undefined) from = lesser(oldFirst, nowFirst);
    const at = lesser(oldFirst, nowFirst);
    if (oldFirst === at) a++;
    if (nowFirst === at) b++;
  }
  if (from !== undefined) ranges.push({ from, to: undefined });
  return ranges;
}

/** The rows of the parts that a range may touch: from the first to before the last. */
export function rowSpan(list: readonly TablePart[], { from, to }: IdRange): readonly [number, number] {
  let [first, end] = [0, 0];
  for (const [id, rows] of list) {
    if (id !== null && id <= from) first = end;
    else if (to !== undefined && id !== null && id >= to) break;
    end += rows;
  }
  return [first, end];
}

/** The share of a table's rows that stand in parts which some ranges may touch; one part may count more than once. */
export function shareWithin({ list }: TableParts, ranges: readonly IdRange[]): number {
  const spans = ranges.map((range) => rowSpan(list, range));
  const rows = list.reduce((sum, part) => sum + part[1], 0);
  return spans.reduce((sum, [first, end]) => sum + end - first, 0) / rows;
}

/** Where more of what a result was made from may have changed, nothing is taken over from it. */
const MOST_CHANGED = 0.25;

/** Whether so much of a table may have changed, in some ranges, that all of it is better looked at anew. */
export function isMuch(parts: TableParts, ranges: readonly IdRange[]): boolean {
  return shareWithin(parts, ranges) > MOST_CHANGED;
}

/** The ids that are in any of some ranges, as ranges: ascending, apart from each other. */
export function unionOf(ranges: readonly IdRange[]): readonly IdRange[] {
  const merged: { from: string; to: string | undefined }[] = [];
  for (const { from, to } of ranges.toSorted((a, b) => (a.from < b.from ? -1 : 1))) {
    const last = merged.at(-1);
    if (!last || (last.to !== undefined && last.to < from)) merged.push({ from, to });
    else if (last.to !== undefined && (to === undefined || to > last.to)) last.to = to;
  }
  return merged;
}

/** The parts of a table that ids belong to, as ranges. @param ids ascending */
export function partsAround(list: readonly TablePart[], ids: readonly string[]): readonly IdRange[] {
  const parts = new Set<number>();
  let part = 0;
  for (const id of ids) {
    while (part + 1 < list.length && list[part + 1]![0]! <= id) part++;
    parts.add(part);
  }
  return unionOf(
    [...parts].map((at) => ({ from: at === 0 ? "" : list[at]![0]!, to: list[at + 1]?.[0] ?? undefined })),
  );
}

/** The smaller of two ids, at least one of which is there. */
function lesser(a: string | undefined, b: string | undefined): string {
  if (a === undefined || b === undefined) return (a ?? b) as string;
  return a < b ? a : b;
}
