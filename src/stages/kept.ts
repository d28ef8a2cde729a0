import { existsSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../core/files.js";
import { sha256 } from "../core/hash.js";
import type { Json } from "../core/json.js";
import type { WrittenTable } from "../core/tables/parts.js";

/** Keeps what a later run that makes a table like this one asks for, in the folder that stages of the kind share. */
export function keep(shared: string, table: WrittenTable, value: Json): void {
  const text = JSON.stringify(value);
  writeFileAtomic(fileOf(shared, table), `${sha256(text)}\n${text}\n`);
}

/** What an earlier run has kept of a table; undefined where it is gone or damaged. */
export function readKept(shared: string, table: WrittenTable): Json | undefined {
  const path = fileOf(shared, table);
  if (!existsSync(path)) return undefined;
  const [sum, text = ""] = readFileSync(path, "utf8").split("\n");
  if (sum !== sha256(text)) return undefined;
  utimesSync(path, new Date(), new Date());
  return JSON.parse(text) as Json;
}

function fileOf(shared: string, { content }: WrittenTable): string {
  return join(shared, `table-${content}.json`);
}
