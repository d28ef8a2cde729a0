import { existsSync, readFileSync, renameSync, rmSync, utimesSync } from "node:fs";
import { join } from "node:path";
import type { StageContext } from "../contract/stage.js";
import { isIntact } from "../core/blobs.js";
import { temporaryIn, writeFileAtomic } from "../core/files.js";
import { type Sha256, sha256, sha256File } from "../core/hash.js";
import { canonicalJson, type Json } from "../core/json.js";

/** A name for what follows from some values and nothing else. */
export function nameOf(what: string, ...from: readonly Json[]): string {
  return `${what}-${sha256(canonicalJson(from))}`;
}

/** The hashes of a stage's inputs, by port, as `previous.inputs` gives those of its last result. */
export function inputHashes({ inputs }: Pick<StageContext, "inputs">): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(inputs).map(([port, { hash }]) => [port, hash]));
}

/**
 * Keeps what a later run asks for, in the folder that stages of the kind share.
 *
 * @param name tells what it is made of: "table-<sha256>"
 */
export function keep(shared: string, name: string, value: Json): void {
  const text = JSON.stringify(value);
  writeFileAtomic(recordOf(shared, name), `${sha256(text)}\n${text}\n`);
}

/** What an earlier run has kept under a name; undefined where it is gone or damaged. */
export function readKept(shared: string, name: string): Json | undefined {
  const path = recordOf(shared, name);
  if (!existsSync(path)) return undefined;
  const [sum, text = ""] = readFileSync(path, "utf8").split("\n");
  if (sum !== sha256(text)) return undefined;
  touch(path);
  return JSON.parse(text) as Json;
}

/**
 * Keeps a Parquet file in that folder, where the sum of its bytes names it.
 *
 * @param write makes the file
 * @returns the sha256 that `keptTable` asks for
 */
export async function keepTable(shared: string, write: (path: string) => Promise<void>): Promise<Sha256> {
  const temporary = temporaryIn(shared);
  try {
    await write(temporary);
    const sum = await sha256File(temporary);
    renameSync(temporary, tableOf(shared, sum));
    return sum;
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** The path of a file that was kept; undefined where it is gone or damaged. */
export function keptTable(shared: string, sum: Sha256): string | undefined {
  const path = tableOf(shared, sum);
  if (!isIntact(path, sum)) return undefined;
  touch(path);
  return path;
}

/** gc goes by the time of the last use. */
function touch(path: string): void {
  utimesSync(path, new Date(), new Date());
}

function recordOf(shared: string, name: string): string {
  return join(shared, `${name}.json`);
}

function tableOf(shared: string, sum: Sha256): string {
  return join(shared, `table-${sum}.parquet`);
}
