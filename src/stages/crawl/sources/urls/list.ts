import { LISTED_COLUMNS, type ListContext, type ListedItem } from "../../../../contract/kind.js";
import { StageError } from "../../../../contract/stage.js";
import { sha256 } from "../../../../core/hash.js";
import type { Json } from "../../../../core/json.js";
import { withoutSecrets } from "../../../../core/net/secrets.js";
import { andList } from "../../../../core/words.js";
import type { UrlsSource } from "../../schema-http.js";
import { formatOf, openList } from "./list-file.js";
import { parquetRows } from "./parquet.js";
import { csvRows, jsonRows, PLAIN_COLUMN, plainRows, type Row, tsvRows } from "./rows.js";

/** After so many rows of which none has the column of addresses, its name is taken for wrong. */
const ENOUGH = 100;

/** The rows of a list of addresses, in its order; those that hold none are refused by their line. */
export async function* list(context: ListContext): AsyncGenerator<ListedItem> {
  const source = context.with.source as unknown as UrlsSource;
  const format = formatOf(source);
  const path = await openList(context);
  const columns = { ...source.columns, ...(format === "txt" ? { url: PLAIN_COLUMN } : {}) };
  const seen = new Set<string>();
  let rows = 0;
  let found = false;
  for await (const row of readRows(format, path, columns, source.extra, context.scratch)) {
    rows += 1;
    if ("fields" in row && !found) {
      found = Object.hasOwn(row.fields, columns.url);
      for (const name of Object.keys(row.fields)) seen.add(name);
      if (found) tellUnread(row.fields, [...Object.values(columns), ...source.extra], context);
      if (!found && rows >= ENOUGH) throw noColumn(columns.url, seen);
    }
    yield itemOf(row, columns, source.extra);
  }
  if (rows > 0 && !found && seen.size > 0) throw noColumn(columns.url, seen);
}

type Columns = UrlsSource["columns"];

function readRows(
  format: ReturnType<typeof formatOf>,
  path: string,
  columns: Columns,
  extra: readonly string[],
  scratch: string,
): AsyncGenerator<Row> {
  switch (format) {
    case "txt":
      return plainRows(path);
    case "csv":
      return csvRows(path);
    case "tsv":
      return tsvRows(path);
    case "jsonl":
      return jsonRows(path);
    case "parquet":
      return parquetRows(path, [...(Object.values(columns) as string[]), ...extra], scratch);
  }
}

/** A list whose licences and authors are there, and are not read, is hardly meant so. */
function tellUnread(fields: object, read: readonly (string | null)[], context: ListContext): void {
  const unread = LISTED_COLUMNS.filter((name) => Object.hasOwn(fields, name) && !read.includes(name));
  if (unread.length === 0) return;
  const columns = unread.map((name) => `${name}: ${name}`).join(", ");
  context.warn(`the list tells ${andList(unread)}, not read: say columns: { ${columns} }`);
}

function noColumn(name: string, seen: ReadonlySet<string>): StageError {
  return new StageError(`the list has no column ${name}`, {
    class: "no-column",
    hint: `it has ${[...seen].sort().slice(0, 20).join(", ")}; say columns: { url: … }`,
  });
}

function itemOf(row: Row, columns: Columns, extra: readonly string[]): ListedItem {
  if ("fault" in row) return refused(row.line, row.fault, {});
  const field = (name: string | undefined) => (name === undefined ? null : textOf(row.fields[name]));
  const given: Record<string, string | null> = {};
  for (const name of LISTED_COLUMNS) given[name] = name === "source_url" ? null : field(columns[name]);
  for (const name of extra) given[name] = field(name);
  const address = String(row.fields[columns.url] ?? "").trim();
  if (address === "") return refused(row.line, `no address in the column ${columns.url}`, given);
  if (!URL.canParse(address)) return refused(row.line, "what stands for its address is none", given);
  const { protocol, href } = new URL(address);
  if (protocol !== "http:" && protocol !== "https:") {
    return refused(row.line, `the address begins with ${protocol}, not with http or https`, given);
  }
  // What is written down, and what the item is known by, is the same each time a link is signed anew.
  const input = withoutSecrets(href);
  const id = field(columns.id);
  return {
    id: id === null ? idOf(input) : safeId(id),
    input,
    locator: href,
    columns: { ...given, source_url: input },
  };
}

/** 128 bits of the sha256. */
function idOf(text: string): string {
  return sha256(text).slice(0, 32);
}

/** An id does as a file name in a tar; one that would not is hashed. */
function safeId(id: string): string {
  return /^[\w-][\w.-]{0,127}$/.test(id) ? id : idOf(id);
}

function refused(line: number, detail: string, given: Readonly<Record<string, string | null>>): ListedItem {
  const columns = { ...Object.fromEntries(LISTED_COLUMNS.map((name) => [name, null])), ...given };
  return {
    id: `line-${String(line).padStart(8, "0")}`,
    input: `line ${line}`,
    locator: "",
    columns,
    refused: { class: "bad-line", detail: `line ${line}: ${detail}` },
  };
}

/** A field as text. Addresses in any field lose their secrets; the one to be fetched is read before. */
function textOf(value: Json | undefined): string | null {
  if (value === null || value === undefined || value === "") return null;
  if (typeof value === "object") return JSON.stringify(value);
  return /^https?:\/\//i.test(String(value)) ? withoutSecrets(String(value)) : String(value);
}
