import type { Duck } from "../../../core/duck.js";
import type { Screening } from "./rule.js";

/** Buckets of more images than this are not compared pair by pair, so that no data makes the rule quadratic. */
const BUCKET_CAP = 256;

/** Hashes with fewer set (or unset) bits come from plain areas and smooth ramps: that two agree says nothing. */
const MIN_BITS = 5;

/**
 * Links images whose 64-bit hashes differ in at most `distance` bits, into the table `pair`.
 *
 * By the pigeonhole principle two such hashes agree wholly in one of distance + 1 bands, so only images that share a
 * band are compared: a hash join for each band. Equal hashes are linked to the first of them and compared once. In a
 * band bucket over the cap each image is compared with the bucket's first alone.
 */
export async function nearDuplicates({ duck, params, note }: Screening): Promise<void> {
  const { enabled, distance } = params.near_duplicates;
  if (!enabled) return;
  await duck.run(`CREATE TABLE distinct_hash AS
    SELECT hash, min(n) AS n FROM kept WHERE bit_count(hash) BETWEEN ${MIN_BITS} AND ${64 - MIN_BITS} GROUP BY hash`);
  await duck.run(`INSERT INTO pair
    SELECT h.n, k.n FROM kept k JOIN distinct_hash h USING (hash) WHERE k.n <> h.n`);
  let capped = 0;
  for (let band = 0; distance > 0 && band <= distance; band++) capped += await linkBand(duck, band, distance);
  if (capped > 0) {
    note(
      `near duplicates: ${capped} groups of more than ${BUCKET_CAP} similar hashes were compared with their first image only`,
    );
  }
}

/** Links the near duplicates that agree in one band; returns how many buckets were over the cap. */
async function linkBand(duck: Duck, band: number, distance: number): Promise<number> {
  const low = Math.floor((64 * band) / (distance + 1));
  const high = Math.floor((64 * (band + 1)) / (distance + 1));
  const mask = (1n << BigInt(high - low)) - 1n;
  await duck.run(`CREATE OR REPLACE TABLE banded AS
    SELECT (hash >> ${low}) & ${mask}::UBIGINT AS key, hash, n FROM distinct_hash`);
  await duck.run(`CREATE OR REPLACE TABLE bucket AS
    SELECT key, count(*) AS size, min(n) AS first, arg_min(hash, n) AS first_hash
    FROM banded GROUP BY key HAVING size > 1`);
  await duck.run(`INSERT INTO pair
    SELECT x.n, y.n
    FROM (SELECT * FROM banded SEMI JOIN (FROM bucket WHERE size <= ${BUCKET_CAP}) USING (key)) x
    JOIN banded y ON x.key = y.key AND x.n < y.n
    WHERE bit_count(xor(x.hash, y.hash)) <= ${distance}`);
  await duck.run(`INSERT INTO pair
    SELECT b.first, x.n FROM banded x JOIN bucket b USING (key)
    WHERE b.size > ${BUCKET_CAP} AND x.n <> b.first AND bit_count(xor(x.hash, b.first_hash)) <= ${distance}`);
  return duck.value<number>(`SELECT count(*) FROM bucket WHERE size > ${BUCKET_CAP}`);
}
