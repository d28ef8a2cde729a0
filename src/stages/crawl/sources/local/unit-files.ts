import { unitSum } from "./units.js";

/** Bytes of a sha256. */
const DIGEST = 32;

/** The files of one unit, sorted by code unit. */
export interface Unit {
  readonly number: number;
  /** Relative paths, joined by NUL, which no path holds. */
  readonly names: string;
  /** 32 bytes a file: the sha256 of its bytes. */
  readonly digests: ArrayBuffer;
  /** Places of the files that the tables do not know in their present state: their digests are zeros. */
  readonly misses: Uint32Array;
  /** unitSum, where nothing is missed. */
  readonly sum?: string;
}

/** The files of one unit, in the order in which they come. */
export class UnitFiles {
  private readonly names: string[] = [];
  private digests = Buffer.alloc(DIGEST * 64);
  private readonly missed = new Set<number>();

  /** @param digest sha256 of the file's bytes, if it is known */
  add(name: string, digest: Uint8Array | undefined): void {
    const place = this.names.push(name) - 1;
    const at = place * DIGEST;
    if (at === this.digests.length) this.digests = Buffer.concat([this.digests], at * 2);
    if (digest) this.digests.set(digest, at);
    else this.missed.add(place);
  }

  get count(): number {
    return this.names.length;
  }

  /** @param number the unit's */
  sorted(number: number): Unit {
    const order = orderOf(this.names);
    const names = order.map((place) => this.names[place] as string);
    const digests = Buffer.from(new ArrayBuffer(names.length * DIGEST));
    order.forEach((place, i) => {
      this.digests.copy(digests, i * DIGEST, place * DIGEST, (place + 1) * DIGEST);
    });
    const misses = Uint32Array.from([...order.keys()].filter((i) => this.missed.has(order[i] as number)));
    const sum = misses.length === 0 ? { sum: unitSum(names, digests) } : {};
    return { number, names: names.join("\0"), digests: digests.buffer, misses, ...sum };
  }
}

/** The places of names in their order by code unit. */
function orderOf(names: readonly string[]): number[] {
  const places = [...names.keys()];
  const before = (a: number, b: number) => (names[a] as string) < (names[b] as string);
  // Files of one folder come sorted; to see that costs far less than to sort.
  const sorted = places.every((place) => place === 0 || before(place - 1, place));
  return sorted ? places : places.sort((a, b) => (before(a, b) ? -1 : 1));
}
