import { availableParallelism } from "node:os";
import { StatTable } from "../../../../core/stat-table.js";
import type { LocalSource } from "../../schema.js";
import { BATCH, LookUp } from "./look-up.js";
import { LookUpThread } from "./look-up-thread.js";
import type { Unit } from "./unit-files.js";
import { unitOf } from "./units.js";
import { walk } from "./walk.js";

/** So many remembered files are worth starting threads (60 ms each) to look at the folder. */
const WORTH_THREADS = 20_000;
/** More threads than this wait for the one that walks. */
const MOST_THREADS = 4;

/**
 * Finds the files below a folder whose names fit, and what tables know of them: the units that have files. Where much
 * is known, this thread only walks, and each of some others looks up the files of its share of the units.
 *
 * @param warn is told what was left out, and why
 */
export async function scan(
  root: string,
  source: LocalSource,
  tables: readonly SharedArrayBuffer[],
  warn: (message: string) => void,
): Promise<Unit[]> {
  const known = tables.map(StatTable.over);
  const many = known.reduce((sum, { count }) => sum + count, 0) >= WORTH_THREADS;
  const count = Math.min(availableParallelism(), MOST_THREADS);
  if (!many || count === 1) {
    const files = new LookUp(root, known);
    await hand(root, source, [files], warn);
    return files.done();
  }
  const threads = Array.from({ length: count }, () => new LookUpThread(root, tables));
  try {
    await hand(root, source, threads, warn);
    const units = await Promise.all(threads.map((thread) => thread.done()));
    return units.flat().sort((a, b) => a.number - b.number);
  } finally {
    for (const thread of threads) thread.stop();
  }
}

/** Walks, and hands over what is found in batches: all files of a unit to the same taker. */
async function hand(
  root: string,
  source: LocalSource,
  takers: readonly { add(names: readonly string[]): void }[],
  warn: (message: string) => void,
): Promise<void> {
  const waiting = takers.map((taker) => ({ taker, names: [] as string[] }));
  const found = (name: string) => {
    const share = waiting[takers.length === 1 ? 0 : unitOf(name) % takers.length];
    if (share?.names.push(name) !== BATCH) return;
    share.taker.add(share.names);
    share.names = [];
  };
  await walk(root, source, found, warn);
  for (const { taker, names } of waiting) if (names.length > 0) taker.add(names);
}
