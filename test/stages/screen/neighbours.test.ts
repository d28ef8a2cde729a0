import assert from "node:assert/strict";
import { test } from "node:test";
import { Groups } from "../../../src/stages/screen/rules/groups.js";
import { Neighbours } from "../../../src/stages/screen/rules/neighbours.js";
import { seeded } from "../../rigs/random.js";

/** A hash as its two halves. */
type Hash = readonly [high: number, low: number];

/** `flip` changes up to `bits` bits of a hash. */
function maker(seed: number) {
  const random = seeded(seed);
  const word = () => Math.floor(random() * 2 ** 32);
  const flip = ([high, low]: Hash, bits: number): Hash => {
    const halves = [high, low];
    for (let i = 0; i < bits; i++) {
      const bit = Math.floor(random() * 64);
      halves[bit >> 5] = (halves[bit >> 5]! ^ (1 << (bit & 31))) >>> 0;
    }
    return [halves[0]!, halves[1]!];
  };
  return { word, flip, hash: (): Hash => [word(), word()] };
}

const bits = (word: number) => [...(word >>> 0).toString(2)].filter((bit) => bit === "1").length;
const differing = ([a, b]: Hash, [c, d]: Hash) => bits(a ^ c) + bits(b ^ d);

/** Which smaller images are near to each, as the index finds them; all are entered, duplicates too. */
function found(hashes: readonly Hash[], distance: number): number[][] {
  const neighbours = new Neighbours(distance, hashes.length);
  return hashes.map(([high, low], n) => {
    const others = new Set<number>();
    neighbours.find(high, low, (other) => others.add(other));
    neighbours.add(n, high, low, true);
    return [...others].sort((a, b) => a - b);
  });
}

const compared = (hashes: readonly Hash[], distance: number) =>
  hashes.map((hash, n) =>
    hashes.slice(0, n).flatMap((other, m) => (differing(hash, other) <= distance ? [m] : [])),
  );

test("every pair within the distance is found, and no other", () => {
  for (const distance of [0, 1, 2, 3, 5, 8]) {
    const { hash, flip } = maker(distance + 1);
    const centres = Array.from({ length: 30 }, hash);
    const hashes = Array.from({ length: 400 }, (_, i) => flip(centres[i % 30]!, i % (distance + 4)));
    assert.deepEqual(found(hashes, distance), compared(hashes, distance), `distance ${distance}`);
  }
});

test("also where all share half of their bits, so that buckets are divided", () => {
  const { word, flip } = maker(7);
  const hashes: Hash[] = [];
  for (let i = 0; i < 600; i++) {
    hashes.push(i % 3 === 2 ? flip(hashes[i - 1]!, 3) : [word(), 0x0ff0aa55]);
  }
  assert.deepEqual(found(hashes, 3), compared(hashes, 3));
});

test("among thousands that are alike the work is bounded and groups still form", () => {
  const { hash, flip } = maker(9);
  const centre = hash();
  const hashes = [centre, ...Array.from({ length: 5000 }, () => flip(centre, 3))];
  const neighbours = new Neighbours(3, hashes.length);
  const groups = new Groups(hashes.length);
  let visits = 0;
  for (const [n, [high, low]] of hashes.entries()) {
    neighbours.find(high, low, (other) => {
      visits++;
      groups.link(other, n);
    });
    neighbours.add(n, high, low, !groups.isDuplicate(n));
  }
  // All pairs would be 12.5 million; as measured, 0.33 million are looked at.
  assert.ok(visits < 500_000, `${visits}`);
  // Each is within 3 bits of the first: a duplicate of it, in its group.
  assert.deepEqual(
    [...groups.members()].filter(([, root, duplicate]) => root !== 0 || duplicate !== 0),
    [],
  );
});
