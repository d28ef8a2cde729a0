import { isIntact } from "../../core/blobs.js";
import { canonicalJson } from "../../core/json.js";
import type { Earlier, IdRange } from "../../core/tables/parts.js";
import type { ArtifactRef } from "../plan/plan.js";
import { differingUnits, unitRanges } from "../plan/units.js";
import type { Result } from "../store/results.js";
import { changedRanges, onlyTable } from "./previous.js";
import type { StageEnv } from "./stage-env.js";

/** An earlier result of an item stage that differs from the one to be made in some ranges of ids at most. */
export interface Basis {
  readonly ranges: readonly IdRange[];
  /** In these units of the source, where it lists its items. */
  readonly units: readonly string[] | undefined;
  /** Its tables by output port. */
  readonly outputs: Readonly<Record<string, EarlierOutput>>;
}

/** A table that is all there is in an artifact. */
export interface EarlierOutput extends Earlier {
  readonly artifact: ArtifactRef;
}

/**
 * What of the stage's last result can be taken over: everything but the rows near those that changed in its input. Only from a
 * result that was made alike (the same space, the same params), and is complete and undamaged.
 */
export function basisOf(env: StageEnv, space: string): Basis | undefined {
  const { stage, plan } = env;
  const { previous, preimage } = plan;
  if (!previous?.items || !preimage || previous.space !== space || plan.refresh) return undefined;
  if (canonicalJson(previous.preimage.with) !== canonicalJson(preimage.with)) return undefined;
  const { transientFailures, items } = previous;
  // What was refused by the listing, or is counted against a limit, is not told from other failures afterwards.
  const complete = transientFailures === 0 && items.total === items.processed + items.reused;
  if (!complete || stage.kind.item?.maxFailures?.(stage.params.all) !== undefined) return undefined;
  const outputs = earlierTables(env, previous);
  const port = stage.kind.item?.port;
  const units =
    port === undefined ? differingUnits(previous.preimage.identity, preimage.identity) : undefined;
  const ranges = units ? unitRanges(units) : port && changedRanges(env, previous, port);
  return outputs && ranges ? { ranges, units, outputs } : undefined;
}

function earlierTables(env: StageEnv, previous: Result): Basis["outputs"] | undefined {
  const tables: Record<string, EarlierOutput> = {};
  for (const { name } of env.stage.kind.outputs) {
    const artifact = previous.outputs[name];
    const found = artifact && onlyTable(env.options.store, artifact.hash);
    if (!found || !isIntact(found.path, found.blob)) return undefined;
    tables[name] = { ...found, artifact };
  }
  return tables;
}
