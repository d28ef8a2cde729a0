import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/** Everything in node:fs by which the store writes. */
const WRITES = [
  "appendFileSync",
  "chmodSync",
  "copyFileSync",
  "fsyncSync",
  "ftruncateSync",
  "linkSync",
  "mkdirSync",
  "renameSync",
  "rmSync",
  "symlinkSync",
  "writeFileSync",
  "writeSync",
  "writevSync",
] as const;

export class PowerCut extends Error {}

export interface Outcome {
  /** The work was done before the power went. */
  readonly finished: boolean;
  /** Writes that were made. */
  readonly writes: number;
}

/**
 * Does work until its `limit`-th write, then lets every further write fail: what is on the disk then is what a SIGKILL
 * at that point leaves, clean-up in finally blocks included. With `torn`, half of the last write is made. One process
 * can so die at each of its writes in turn, without a hook in what is tested.
 */
export async function untilPowerCut(
  limit: number,
  torn: boolean,
  work: () => Promise<void>,
): Promise<Outcome> {
  const table = fs as unknown as Record<string, (...args: unknown[]) => unknown>;
  const originals = new Map(["openSync", ...WRITES].map((name) => [name, table[name]!]));
  let writes = 0;
  const guard =
    (name: string, call: (...args: unknown[]) => unknown, isWrite: (args: unknown[]) => boolean) =>
    (...args: unknown[]): unknown => {
      if (!isWrite(args)) return call(...args);
      writes += 1;
      if (writes < limit) return call(...args);
      if (writes === limit && torn && name === "writeSync" && args[1] instanceof Uint8Array) {
        call(args[0], args[1].subarray(0, args[1].length >> 1));
      }
      throw new PowerCut(`power cut at write ${limit}: ${name}`);
    };
  const forWriting = ([, flags]: unknown[]) => typeof flags === "string" && /[wa+]/.test(flags);
  for (const [name, original] of originals) {
    table[name] = guard(name, original, name === "openSync" ? forWriting : () => true);
  }
  syncBuiltinESMExports();
  try {
    await work();
    // Work that takes a failed write in its stride was cut all the same.
    return { finished: writes < limit, writes };
  } catch (error) {
    if (writes < limit) throw error;
    return { finished: false, writes };
  } finally {
    for (const [name, original] of originals) table[name] = original;
    syncBuiltinESMExports();
  }
}
