import type { ItemShape, PaidWork } from "../../contract/kind.js";
import { Duck } from "../../core/duck.js";
import type { StageConfig } from "../config/pipeline.js";
import type { PlanOptions } from "../runner.js";
import { ledgerOf } from "../store/paid.js";
import { countAnswers, type PaidCounts } from "../store/paid-query.js";
import { remove } from "../store/paths.js";
import { itemSpace } from "./fingerprint.js";
import { ItemRows, inputTable } from "./item-rows.js";
import type { ArtifactRef, Preimage } from "./plan.js";

/** The pictures of a known input that the item cache does not tell of, by whether an answer about them was paid for. */
export async function countOpen(
  { store, registry, pipeline }: PlanOptions,
  stage: StageConfig,
  shape: ItemShape,
  work: PaidWork | undefined,
  input: ArtifactRef,
  preimage: Preimage,
): Promise<PaidCounts> {
  const scratch = store.workFolder("plan");
  const duck = await Duck.open({ scratch });
  try {
    const space = itemSpace(registry, stage, pipeline.seed, preimage);
    const rows = new ItemRows(duck, shape, store, space);
    await rows.openTable(inputTable(store, input.hash, String(shape.port)));
    await rows.loadKnown(false);
    return await countAnswers(duck, work ? store.paid.allLogs(ledgerOf(work)) : [], "todo");
  } finally {
    duck.close();
    remove(scratch);
  }
}
