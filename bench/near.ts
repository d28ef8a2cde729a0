/**
 * The index that finds near duplicates, over hashes that suit it and hashes made to trouble it: processor time, images that
 * have a neighbour, and look-ups that were cut short. Run: node dist/bench/near.js [images, default 100000] [distance, 3]
 */
import { Neighbours } from "../src/stages/screen/rules/neighbours.js";
import { seeded } from "../test/rigs/random.js";

type Hash = readonly [high: number, low: number];

const random = seeded(1);
const word = () => Math.floor(random() * 2 ** 32) | 0;
const CENTRE: Hash = [0x12345678, 0x7abcdef0];

/** The hash with `count` bits flipped at random, some perhaps twice. */
function flip([high, low]: Hash, count: number): Hash {
  const halves = [high, low];
  for (let i = 0; i < count; i++) {
    const bit = Math.floor(random() * 64);
    halves[bit >> 5]! ^= 1 << (bit & 31);
  }
  return [halves[0]!, halves[1]!];
}

/** The hash of image n, given that of the image before. */
const CASES: Readonly<Record<string, (n: number, before: Hash) => Hash>> = {
  random: () => [word(), word()],
  "all equal": () => CENTRE,
  "all within 3 bits of one": () => flip(CENTRE, 3),
  "all within 8 bits of one": () => flip(CENTRE, 8),
  "all within 16 bits of one": () => flip(CENTRE, 16),
  "bursts of 200, each like the one before": (n, before) =>
    n % 200 > 0 ? flip(before, 2) : [word(), word()],
  "each like the one before": (n, before) => (n > 0 ? flip(before, 2) : CENTRE),
  "a quarter of the bits the same": () => [word(), word() & ~0xffff],
  "half of the bits the same": () => [word(), 0x1234],
  "two thirds of the bits the same": () => [word() & 0xfffff, 0x1234],
};

function measure(name: string, images: number, distance: number): void {
  let hash: Hash = CENTRE;
  const hashes = Array.from({ length: images }, (_, n) => {
    hash = CASES[name]!(n, hash);
    return hash;
  });
  const start = process.cpuUsage();
  const neighbours = new Neighbours(distance, images);
  let alike = 0;
  for (const [n, [high, low]] of hashes.entries()) {
    let found = false;
    neighbours.find(high, low, () => {
      found = true;
    });
    if (found) alike++;
    neighbours.add(n, high, low, !found);
  }
  const { user, system } = process.cpuUsage(start);
  console.log(
    `${name.padEnd(40)} ${((user + system) / 1e6).toFixed(2).padStart(7)} s ${String(alike).padStart(9)} ${String(neighbours.overflown).padStart(9)}`,
  );
}

const [images = 100_000, distance = 3] = process.argv.slice(2).map(Number);
console.log(`${images} hashes, distance ${distance}, Node ${process.version}`);
console.log(`${"".padEnd(40)} processor     alike cut short`);
for (const name of Object.keys(CASES)) measure(name, images, distance);
