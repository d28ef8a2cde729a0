/** Entries of a bucket. What comes later goes into buckets of more bits. */
const CAP = 16;

/** How often a full bucket is divided. */
const DIVISIONS = 2;

/** Some bits of a hash, which two hashes must agree in to meet in a bucket; and how a full bucket is divided. */
interface Probe {
  readonly high: number;
  readonly low: number;
  readonly parts: readonly Probe[];
}

/**
 * An index of 64-bit hashes that finds those within a Hamming distance d, in bounded time whatever the hashes are.
 *
 * By the pigeonhole principle two hashes that differ in at most d bits agree wholly in two of d + 2 bands of bits, so only
 * hashes that agree in some pair of bands are compared (Manku, Jain, Das Sarma 2007): for d = 3 in 25 bits, in ten ways.
 * A bucket holds its first 16 entries. Those that come when it is full go into buckets of these two bands *and* one of
 * d + 1 parts of the other bits, which again misses no pair, and where those are full too, into buckets of a further part.
 * In a full bucket of the last kind only the first 16 are known to those that follow; `overflown` counts these.
 *
 * Memory: 8 bytes an image and 8 for each entry, in typed arrays; for d = 3 some 160 bytes an image in all.
 */
export class Neighbours {
  private readonly probes: readonly Probe[];
  private readonly heads: Int32Array;
  private readonly sizes: Uint8Array;
  /** Pairs: the next entry of a chain, the image. */
  private entries: Int32Array;
  /** The first free place; 0 ends a chain. */
  private used = 2;
  private divided = false;
  private readonly highs: Int32Array;
  private readonly lows: Int32Array;

  /** Entries of which only the first of their bucket know. */
  overflown = 0;

  /**
   * @param distance 0 to 8
   * @param images all image numbers are below this
   */
  constructor(
    private readonly distance: number,
    images: number,
  ) {
    this.probes = pairsOfBands(distance);
    const entries = Math.max(1 << 10, images * this.probes.length);
    const slots = 2 ** Math.ceil(Math.log2(entries));
    this.heads = new Int32Array(slots);
    this.sizes = new Uint8Array(slots);
    this.entries = new Int32Array(2 * (entries + 1));
    this.highs = new Int32Array(images);
    this.lows = new Int32Array(images);
  }

  /** Calls `visit` with the images of near hashes among those added; with some of them more than once. */
  find(high: number, low: number, visit: (image: number) => void): void {
    for (const probe of this.probes) this.search(probe, high, low, visit);
  }

  /**
   * Adds an image's hash, its halves as signed or unsigned 32-bit numbers.
   *
   * @param needed false where another that is near it was added: then it stands only in buckets that have room
   */
  add(image: number, high: number, low: number, needed: boolean): void {
    this.highs[image] = high;
    this.lows[image] = low;
    for (const probe of this.probes) this.enter(probe, image, needed);
  }

  private search(probe: Probe, high: number, low: number, visit: (image: number) => void): void {
    const slot = this.slot(probe, high, low);
    const { entries, highs, lows, distance } = this;
    for (let at = this.heads[slot]!; at !== 0; at = entries[at]!) {
      const image = entries[at + 1]!;
      if (bitCount(highs[image]! ^ high) + bitCount(lows[image]! ^ low) <= distance) visit(image);
    }
    if (!this.divided || this.sizes[slot]! < CAP) return;
    for (const part of probe.parts) this.search(part, high, low, visit);
  }

  private enter(probe: Probe, image: number, needed: boolean): void {
    const slot = this.slot(probe, this.highs[image]!, this.lows[image]!);
    if (this.sizes[slot]! < CAP) {
      this.sizes[slot]!++;
      this.heads[slot] = this.append(this.heads[slot]!, image);
      return;
    }
    if (!needed) return;
    this.divided = true;
    if (probe.parts.length === 0) this.overflown++;
    for (const part of probe.parts) this.enter(part, image, needed);
  }

  private append(next: number, image: number): number {
    const at = this.used;
    if (at === this.entries.length) {
      const longer = new Int32Array(at * 2);
      longer.set(this.entries);
      this.entries = longer;
    }
    this.entries[at] = next;
    this.entries[at + 1] = image;
    this.used = at + 2;
    return at;
  }

  /** Buckets share slots by chance; that costs comparisons and nothing else. */
  private slot({ high, low }: Probe, a: number, b: number): number {
    let key = Math.imul((a & high) ^ Math.imul(high, 0x85ebca6b), 0x9e3779b1);
    key = Math.imul(key ^ (key >>> 15) ^ (b & low) ^ Math.imul(low, 0xc2b2ae35), 0x27d4eb2f);
    key = Math.imul(key ^ (key >>> 13), 0x165667b1);
    return (key ^ (key >>> 16)) & (this.heads.length - 1);
  }
}

function pairsOfBands(distance: number): readonly Probe[] {
  const bands = cut([...Array(64).keys()], distance + 2);
  return bands.flatMap((one, i) =>
    bands.slice(i + 1).map((two) => {
      const bits = [...one, ...two];
      return { ...probeOf(bits), parts: partsOf(bits, distance + 1, DIVISIONS) };
    }),
  );
}

/** What a full bucket of these bits is divided by: each one of `count` parts of the other bits. */
function partsOf(bits: readonly number[], count: number, divisions: number): readonly Probe[] {
  if (divisions === 0) return [];
  const others = [...Array(64).keys()].filter((bit) => !bits.includes(bit));
  return cut(others, count).map((part) => {
    const all = [...bits, ...part];
    return { ...probeOf(all), parts: partsOf(all, count, divisions - 1) };
  });
}

/** Cuts a list into `count` runs of nearly equal length. */
function cut(bits: readonly number[], count: number): number[][] {
  const at = (i: number) => Math.floor((bits.length * i) / count);
  return Array.from({ length: count }, (_, i) => bits.slice(at(i), at(i + 1)));
}

function probeOf(bits: readonly number[]): Probe {
  let high = 0;
  let low = 0;
  for (const bit of bits) {
    if (bit < 32) low |= 1 << bit;
    else high |= 1 << (bit - 32);
  }
  return { high, low, parts: [] };
}

/** Set bits of a 32-bit number (Hacker's Delight, figure 5-2). */
function bitCount(value: number): number {
  let v = value - ((value >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return Math.imul((v + (v >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}
