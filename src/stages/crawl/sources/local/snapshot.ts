import { join } from "node:path";
import type { ListContext } from "../../../../contract/kind.js";
import type { LocalSource } from "../../schema.js";
import { scan } from "./scan.js";
import type { Unit } from "./unit-files.js";
import { beginningOf, unitSum } from "./units.js";
import { reason } from "./walk.js";

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
    const warnings = new Set<string>();
    const units = await scan(root, source, context.rememberedFiles(), (message) => warnings.add(message));
    for (const warning of warnings) context.warn(warning);
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

/** "" is no name: a unit without files. */
function split(names: string): string[] {
  return names === "" ? [] : names.split("\0");
}
