import type { WrittenTable } from "../../core/tables/parts.js";
import { keep, readKept } from "../kept.js";
import { type Keys, SHARD_FORMAT } from "./shard-keys.js";

/** Keeps the keys of a samples table's shards, which follow from its rows, for a later run that makes a table like it. */
export function keepKeys(shared: string, samples: WrittenTable, keys: Keys): void {
  keep(shared, nameOf(samples), { format: SHARD_FORMAT, keys: [...keys] });
}

/** What an earlier run has kept of a samples table; undefined where it is gone or damaged, or shards were of another form. */
export function keptKeys(shared: string, samples: WrittenTable): Keys | undefined {
  const kept = readKept(shared, nameOf(samples)) as { format: string; keys: [string, string][] } | undefined;
  return kept?.format === SHARD_FORMAT ? new Map(kept.keys) : undefined;
}

function nameOf({ content }: WrittenTable): string {
  return `table-${content}`;
}
