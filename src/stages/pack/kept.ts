import type { StageContext } from "../../contract/stage.js";
import type { WrittenTable } from "../../core/tables/parts.js";
import { inputHashes, keep, nameOf, readKept } from "../kept.js";
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

/** Keeps how many images have a row in labels: that follows from the inputs. */
export function keepMatched(context: StageContext, matched: number): void {
  keep(context.shared, nameOf("matched", inputHashes(context)), matched);
}

/** The same of the last result's inputs. */
export function lastMatched({ shared, previous }: StageContext): number | undefined {
  return readKept(shared, nameOf("matched", previous.inputs)) as number | undefined;
}

function tableName({ content }: WrittenTable): string {
  return `table-${content}`;
}
