import { createReadStream } from "node:fs";
import { join } from "node:path";
import type { Column } from "../contract/kind.js";
import type { BaseContext, Item, ItemModule, ItemOutcome, ItemWorker } from "../contract/stage.js";
import { TASK_FILES, type TaskItem } from "../contract/task.js";
import type { Json } from "../core/json.js";
import { ItemLog } from "./item-log.js";
import type { Redactor } from "./redact.js";

/** The todo file is read in pieces of this size. */
const READ_BYTES = 1 << 18;

/**
 * Works through todo.jsonl: batches of items go to the worker, as many at once as it allows; every outcome is logged.
 * Stops taking new items when the signal aborts and finishes those in hand.
 */
export async function runItems(
  module: ItemModule,
  context: BaseContext,
  folder: string,
  total: number,
  columns: readonly Column[],
  redactor: Redactor,
): Promise<void> {
  const worker = await module.open(context);
  const log = new ItemLog(folder, redactor);
  const flight = new Set<Promise<void>>();
  // A race over all that is under way would cost as much again for each item.
  let landed = () => {};
  let failure: unknown;
  let done = 0;
  const start = (batch: Item[]) => {
    const work = processBatch(worker, batch, log, columns)
      .then(() => {
        done += batch.length;
        context.progress(done, total);
      })
      .catch((error) => {
        failure ??= error;
      })
      .finally(() => {
        flight.delete(work);
        landed();
      });
    flight.add(work);
  };
  try {
    for await (const batch of batches(join(folder, TASK_FILES.todo), worker.batch ?? 1)) {
      if (context.signal.aborted || failure !== undefined) break;
      start(batch);
      if (flight.size < (worker.concurrency ?? 1)) continue;
      await new Promise<void>((resolve) => {
        landed = resolve;
      });
    }
    await Promise.all(flight);
  } finally {
    log.close();
    await worker.close?.();
  }
  if (failure !== undefined) throw failure;
}

async function* batches(path: string, size: number): AsyncGenerator<Item[]> {
  let batch: Item[] = [];
  for await (const lines of linesOf(path)) {
    for (const line of lines) {
      batch.push(JSON.parse(line) as TaskItem);
      if (batch.length < size) continue;
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}

/** The lines of a file, many at a time: node:readline wakes its reader for each. */
async function* linesOf(path: string): AsyncGenerator<string[]> {
  let rest = "";
  for await (const text of createReadStream(path, { encoding: "utf8", highWaterMark: READ_BYTES })) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield lines;
  }
  if (rest !== "") yield [rest];
}

async function processBatch(
  worker: ItemWorker,
  batch: readonly Item[],
  log: ItemLog,
  columns: readonly Column[],
): Promise<void> {
  const outcomes = await worker.process(batch);
  if (outcomes.length !== batch.length) {
    throw new Error(`the worker gave ${outcomes.length} outcomes for ${batch.length} items`);
  }
  outcomes.forEach((outcome, i) => {
    logOutcome(log, batch[i] as Item, outcome, columns);
  });
}

function logOutcome(log: ItemLog, item: Item, outcome: ItemOutcome, columns: readonly Column[]): void {
  if (!outcome.ok) {
    const { class: errorClass, detail, transient, columns: given } = outcome;
    const line = {
      input: item.input,
      ok: false,
      class: errorClass,
      detail: detail.slice(0, 1000),
      transient,
    } as const;
    log.add(given === undefined ? line : { ...line, columns: given });
    return;
  }
  if (outcome.unchanged) return;
  const values: Record<string, Json> = {};
  for (const column of columns) {
    const blob = column.blob ? outcome.blobs?.[column.name] : undefined;
    values[column.name] = blob === undefined ? (outcome.columns[column.name] ?? null) : log.keep(blob);
  }
  log.add({ input: item.input, ok: true, columns: values });
}
