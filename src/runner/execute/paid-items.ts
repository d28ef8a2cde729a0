import type { PaidWork } from "../../contract/kind.js";
import type { Duck } from "../../core/duck.js";
import { countAnswers, openQuestions } from "../store/paid-query.js";
import { endHosts } from "./orphans.js";
import { failedResult, type StageEnv, StageStopped } from "./stage-env.js";

/** Blobs that were perhaps paid for in vain and are named in the record at most. */
const MOST_NAMED = 200;

/** Leave to ask for what costs money. */
export interface Leave {
  readonly ledger: string;
  release(): void;
}

/**
 * Gets all there is ready before anybody is asked about the rows of `todo`: nobody else asks under the same ledger
 * meanwhile, answers that dead runs have left are taken over, what is left to be asked costs no more than is allowed.
 *
 * @throws StageStopped where it costs more
 */
export async function leaveToPay(env: StageEnv, work: PaidWork, duck: Duck): Promise<Leave> {
  const { store, signal } = env.options;
  const note = (message: string) => env.onEvent({ type: "note", message });
  const ledger = store.paid.open(work);
  // Two runs that asked about one item at the same time would both pay, and go over the quota together.
  const lock = await store.locks.acquire(`paid-${ledger}`, {
    signal,
    onWait: (owner) => note(`waits for ${owner}, which is asking ${work.asks} the same`),
  });
  try {
    for (const task of store.paid.abandoned(ledger)) {
      await endHosts(task);
      store.paid.takeFrom(task);
    }
    const logs = store.paid.logs(ledger);
    const { answered, unanswered } = await countAnswers(duck, logs, "todo");
    const { units, usd } = work.quote(unanswered);
    const cost = `${counted(units, "unit")}, about ${usd.toFixed(2)} USD`;
    if (usd > work.maxCost) {
      throw new StageStopped(
        failedResult(
          `asking ${work.asks} about ${counted(unanswered, "item")} costs more than max_cost allows (${work.maxCost} USD): ${cost}`,
          "nothing was sent; raise max_cost, or take fewer items",
        ),
      );
    }
    if (unanswered > 0) note(`asks ${work.asks} about ${counted(unanswered, "item")}: ${cost}`);
    if (answered > 0) note(`answered before and not asked about again: ${counted(answered, "item")}`);
    const open = await openQuestions(duck, logs, "todo");
    if (open.length > 0) {
      const names = open.slice(0, MOST_NAMED).map((blob) => blob.slice(0, 12));
      note(
        `being asked about when an earlier run was killed, their answers lost: ${counted(open.length, "item")}; asked about ` +
          `again, they may be paid for twice: ${names.join(", ")}${open.length > MOST_NAMED ? ", …" : ""}`,
      );
    }
    return { ledger, release: () => lock.release() };
  } catch (error) {
    lock.release();
    throw error;
  }
}

function counted(n: number, what: string): string {
  return `${n} ${what}${n === 1 ? "" : "s"}`;
}
