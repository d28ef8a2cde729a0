import { Groups } from "./groups.js";
import { Neighbours } from "./neighbours.js";
import type { Screening } from "./rule.js";

/** Hashes with fewer set (or unset) bits come from plain areas and smooth ramps: that two agree says nothing. */
const MIN_BITS = 5;

/**
 * Finds images whose 64-bit hashes differ in at most `distance` bits, and puts all that are linked, directly or over
 * others, into one group: table `grouped`(n, root, duplicate_of). With `drop`, an image goes when a smaller image that
 * stays is its near duplicate; an image at the end of a chain, alike only to one that goes, stays.
 */
export async function nearDuplicates(screening: Screening): Promise<void> {
  const { duck, params } = screening;
  const groups = new Groups(screening.rows);
  if (!params.exact_duplicates.enabled) {
    const copies = duck.streamNumbers(
      `SELECT first.n, i.n FROM image i JOIN (
         SELECT picture, min(n) AS n FROM image GROUP BY picture HAVING count(*) > 1) first USING (picture)
       WHERE i.n <> first.n`,
    );
    for await (const [first, n] of copies) for (const [at, a] of first!.entries()) groups.join(a, n![at]!);
  }
  if (params.near_duplicates.enabled && screening.hashed) await linkNear(screening, groups);
  await duck.run("CREATE TABLE grouped (n INTEGER, root INTEGER, duplicate_of INTEGER)");
  await duck.appendIntegers("grouped", groups.members());
  if (!params.near_duplicates.enabled || params.near_duplicates.action === "group") return;
  await duck.run(`INSERT INTO dropped
    SELECT n, 'near_duplicates', 'nearly the same as ', duplicate_of FROM grouped WHERE duplicate_of >= 0`);
}

async function linkNear({ duck, params, rows, note }: Screening, groups: Groups): Promise<void> {
  const neighbours = new Neighbours(params.near_duplicates.distance, rows);
  const plain = `bit_count(hash) NOT BETWEEN ${MIN_BITS} AND ${64 - MIN_BITS}`;
  await duck.run(`CREATE TABLE look AS SELECT n, hash FROM kept WHERE NOT (${plain})`);
  const hashes = duck.streamNumbers(
    `SELECT n, first, (hash >> 32)::UINTEGER, (hash & 4294967295)::UINTEGER
     FROM look JOIN (SELECT hash, min(n) AS first FROM look GROUP BY hash) USING (hash) ORDER BY n`,
  );
  for await (const [ns, firsts, highs, lows] of hashes) {
    for (const [at, n] of ns!.entries()) {
      // Equal hashes have the same neighbours: only the first of them is looked up.
      if (firsts![at] !== n) {
        groups.twin(firsts![at]!, n);
        continue;
      }
      neighbours.find(highs![at]!, lows![at]!, (other) => groups.link(other, n));
      neighbours.add(n, highs![at]!, lows![at]!, !groups.isDuplicate(n));
    }
  }
  if (neighbours.overflown > 0) {
    note(
      `near duplicates: among very many hashes alike in part, some pairs may have been missed (${neighbours.overflown} look-ups were cut short)`,
    );
  }
}
