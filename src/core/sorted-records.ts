/**
 * Finds a record by its key, with which it begins, among records of equal length, sorted by key. Keys are uniform, so where one
 * stands can be computed nearly: four or five looks instead of the twenty of a binary search over a million.
 *
 * @returns the record's number, or -1
 */
export function findRecord(records: Buffer, length: number, count: number, key: Buffer): number {
  const prefix = key.readUInt32BE(0);
  let [low, high] = [0, count];
  let [lowest, highest] = [0, 2 ** 32];
  while (low < high) {
    const share = highest > lowest ? (prefix - lowest) / (highest - lowest) : 0.5;
    const middle = low + Math.min(high - low - 1, Math.floor((high - low) * share));
    const found = records.readUInt32BE(middle * length);
    // A look at four bytes is far cheaper than a call to compare, and nearly always decides.
    const order =
      found - prefix || records.compare(key, 0, key.length, middle * length, middle * length + key.length);
    if (order === 0) return middle;
    if (order > 0) [high, highest] = [middle, found];
    else [low, lowest] = [middle + 1, found];
  }
  return -1;
}
