import { existsSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../core/files.js";
import { sha256 } from "../../core/hash.js";
import type { WrittenTable } from "../../core/tables/parts.js";

/** What is kept of a samples table beside its rows, for a later run that makes one like it. */
export interface Kept {
  /** The tags, by position, that its labels mean. */
  readonly tags: readonly string[];
  /** Shard path → key of its content. */
  readonly keys: readonly (readonly [shard: string, key: string])[];
}

/** Keeps it in the folder that stages of this kind share. */
export function keep(shared: string, samples: WrittenTable, kept: Kept): void {
  const text = JSON.stringify(kept);
  writeFileAtomic(fileOf(shared, samples), `${sha256(text)}\n${text}\n`);
}

/** What an earlier run has kept of a samples table; undefined where it is gone or damaged. */
export function readKept(shared: string, samples: WrittenTable): Kept | undefined {
  const path = fileOf(shared, samples);
  if (!existsSync(path)) return undefined;
  const [sum, text = ""] = readFileSync(path, "utf8").split("\n");
  if (sum !== sha256(text)) return undefined;
  utimesSync(path, new Date(), new Date());
  return JSON.parse(text) as Kept;
}

function fileOf(shared: string, { content }: WrittenTable): string {
  return join(shared, `samples-${content}.json`);
}
