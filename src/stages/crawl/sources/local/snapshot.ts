import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { ListContext } from "../../../../contract/kind.js";
import { StatTable } from "../../../../core/stat-table.js";
import type { LocalSource } from "../../schema.js";
import { reason, type Scan, scan, type Unit, unitSum } from "./scan.js";
import type { ScanOrder } from "./scan-thread.js";
import { beginningOf } from "./units.js";

/** So many remembered files are worth starting threads (60 ms each) to look at the folder. */
const WORTH_THREADS = 20_000;
/** More threads than this wait for the file system, not for a core. */
const MOST_THREADS = 4;

/** The files of a folder as they were when it was looked at: some 60 bytes each, none of them objects. */
export class Snapshot {
  /** Beginning of a unit's ids → its sum, which stands for every path and every byte; of units that have files. */
  readonly sums: Readonly<Record<string, string>>;
  readonly count: number;

  private constructor(private readonly units: readonly Required<Unit>[]) {
    const filled = units.filter(({ names }) => names !== "");
    this.sums = Object.fromEntries(filled.map(({ number, sum }) => [beginningOf(number), sum]));
    this.count = units.reduce((sum, { digests }) => sum + digests.byteLength / 32, 0);
  }

  /** Looks at a folder; in threads where many files are remembered. */
  static async take(root: string, source: LocalSource, context: ListContext): Promise<Snapshot> {
    const scans = await scanAll(root, source, context.rememberedFiles());
    for (const warning of new Set(scans.flatMap(({ warnings }) => warnings))) context.warn(warning);
    const units = scans.flatMap((done) => done.units).sort((a, b) => a.number - b.number);
    const whole: Required<Unit>[] = [];
    for (const unit of units) whole.push(await complete(unit, root, context));
    return new Snapshot(whole);
  }

  /** The files of some units, or all of them, in an order that follows from their names. */
  *files(beginnings?: readonly string[]): Generator<{ readonly name: string; readonly hash: string }> {
    const wanted = beginnings && new Set(beginnings);
    for (const { number, names, digests } of this.units) {
      if (wanted && !wanted.has(beginningOf(number))) continue;
      const bytes = Buffer.from(digests);
      for (const [i, name] of split(names).entries())
        yield { name, hash: bytes.toString("hex", i * 32, i * 32 + 32) };
    }
  }
}

/** Has hashed what the tables did not know, and leaves out, with a warning, what cannot be read. */
async function complete(unit: Unit, root: string, context: ListContext): Promise<Required<Unit>> {
  if (unit.sum !== undefined) return { ...unit, sum: unit.sum };
  let names = split(unit.names);
  let digests = Buffer.from(unit.digests);
  const unreadable = new Set<number>();
  for (const i of unit.misses) {
    const name = names[i] as string;
    try {
      digests.write(await context.hashFile(join(root, name)), i * 32, "hex");
    } catch (error) {
      context.warn(`left out ${name}: ${reason(error)}`);
      unreadable.add(i);
    }
  }
  if (unreadable.size > 0) {
    const kept = [...names.keys()].filter((i) => !unreadable.has(i));
    digests = Buffer.concat(kept.map((i) => digests.subarray(i * 32, i * 32 + 32)));
    names = kept.map((i) => names[i] as string);
  }
  const own = digests.buffer.slice(digests.byteOffset, digests.byteOffset + digests.length) as ArrayBuffer;
  const sum = unitSum(names, digests);
  return { number: unit.number, names: names.join("\0"), digests: own, misses: new Uint32Array(), sum };
}

function scanAll(root: string, source: LocalSource, tables: readonly SharedArrayBuffer[]): Promise<Scan[]> {
  const known = tables.map(StatTable.over);
  const many = known.reduce((sum, { count }) => sum + count, 0) >= WORTH_THREADS;
  const threads = Math.min(availableParallelism(), MOST_THREADS);
  if (!many || threads === 1) return Promise.all([scan(root, source, { index: 0, of: 1 }, known)]);
  const shares = Array.from({ length: threads }, (_, index) => ({ index, of: threads }));
  return Promise.all(shares.map((share) => scanInThread({ root, source, share, tables })));
}

/** "" is no name: a unit without files. */
function split(names: string): string[] {
  return names === "" ? [] : names.split("\0");
}

function scanInThread(order: ScanOrder): Promise<Scan> {
  const thread = new Worker(new URL("./scan-thread.js", import.meta.url), { workerData: order });
  return new Promise((resolve, reject) => {
    thread.once("message", resolve);
    thread.once("error", reject);
    thread.once("exit", () => reject(new Error("a thread that looked at the source's folder ended early")));
  });
}
