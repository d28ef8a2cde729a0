import type { StageContext } from "../../contract/stage.js";
import type { WrittenTable } from "../../core/tables/parts.js";
import { inputHashes, keep, nameOf, readKept } from "../kept.js";
import type { Untagged } from "./plan.js";
import { type Keys, SHARD_FORMAT } from "./shard-keys.js";

/** Keeps the keys of a samples table's shards, which follow from its rows, for a later run that makes a table like it. */
export function keepKeys(shared: string, samples: WrittenTable, keys: Keys): void {
  keep(shared, tableName(samples), { format: SHARD_FORMAT, keys: [...keys] });
}

/** What an earlier run has kept of a samples table; undefined where it is gone or damaged, or shards were of another form. */
export function keptKeys(shared: string, samples: WrittenTable): Keys | undefined {
  const kept = readKept(shared, tableName(samples)) as
    | { format: string; keys: [string, string][] }
    | undefined;
  return kept?.format === SHARD_FORMAT ? new Map(kept.keys) : undefined;
}

/** Keeps the ids of images without a tag of the index, ascending, if all are known: that follows from the inputs. */
export function keepUntagged(context: StageContext, { count, ids }: Untagged): void {
  if (count === ids.length) keep(context.shared, nameOf("untagged", inputHashes(context)), ids);
}

/** The same of the last result's inputs. */
export function lastUntagged({ shared, previous }: StageContext): readonly string[] | undefined {
  return readKept(shared, nameOf("untagged", previous.inputs)) as readonly string[] | undefined;
}

function tableName({ content }: WrittenTable): string {
  return `table-${content}`;
}
