/** So many records stand in a slot on average: a byte for each is spent on where slots begin. */
const SLOT = 4;

/**
 * Records of equal length, each beginning with the key by which they are sorted. Keys are uniform, so the first bits of one
 * tell nearly where it stands. Records are far apart in memory: to find one among a million takes two or three looks at
 * any, where a binary search takes twenty.
 */
export class SortedRecords {
  /** Slot → number of its first record, and the count of all at the end; made when first needed. */
  private begins: Uint32Array | undefined;
  /** How far a key's first 32 bits are to be shifted to give its slot. */
  private readonly shift: number;

  /** @param length bytes of a record, of which the key are at least four */
  constructor(
    private readonly bytes: Buffer,
    private readonly length: number,
    private readonly count: number,
  ) {
    this.shift = Math.min(31, 32 - Math.round(Math.log2(Math.max(1, count / SLOT))));
  }

  /** @returns the record's number, or -1 */
  find(key: Buffer): number {
    this.begins ??= this.slots();
    const { bytes, length, begins } = this;
    const prefix = key.readUInt32BE(0);
    const slot = prefix >>> this.shift;
    let low = begins[slot] as number;
    let high = begins[slot + 1] as number;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = middle * length;
      // A look at four bytes is far cheaper than a call to compare, and nearly always decides.
      const order = bytes.readUInt32BE(at) - prefix || bytes.compare(key, 0, key.length, at, at + key.length);
      if (order === 0) return middle;
      if (order > 0) high = middle;
      else low = middle + 1;
    }
    return -1;
  }

  private slots(): Uint32Array {
    const begins = new Uint32Array(2 ** (32 - this.shift) + 1);
    let slot = 0;
    for (let i = 0; i < this.count; i++) {
      const of = this.bytes.readUInt32BE(i * this.length) >>> this.shift;
      while (slot < of) begins[++slot] = i;
    }
    return begins.fill(this.count, slot + 1);
  }
}
