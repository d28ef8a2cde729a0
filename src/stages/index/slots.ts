import { sha256 } from "../../core/hash.js";

/** Draws from one digest: 8 words of 32 bits. */
const WORDS = 8;

/**
 * Gives each of `count` tags an output unit, 0 to count − 1, so that a change of the tags moves few of the others and
 * hardly ever a frequent one (docs/decisions/0011).
 *
 * Tags come one after the other, the frequent before the rare. Each takes the first free unit in an order of its own,
 * which follows from its name alone. So a tag depends on those before it only where they want the same unit, and a new
 * tag, or one that is gone, passes on one unit after the other down a chain of ever rarer tags, about ln(count) long.
 */
export class Slots {
  private readonly taken: Uint8Array;

  constructor(private readonly count: number) {
    this.taken = new Uint8Array(count);
  }

  /** The unit of the next tag. @throws RangeError when all are taken */
  take(tag: string): number {
    for (let round = 0; ; round++) {
      if (round > 64 * (this.count + 1)) throw new RangeError(`no unit is left for the tag ${tag}`);
      const digest = sha256(`slot/1\n${round}\n${tag}`);
      for (let word = 0; word < WORDS; word++) {
        const slot = fold(Number.parseInt(digest.slice(8 * word, 8 * word + 8), 16), this.count);
        if (this.taken[slot] === 1) continue;
        this.taken[slot] = 1;
        return slot;
      }
    }
  }
}

/**
 * A 32-bit draw as one of `count` units, such that another `count` changes few of them: linear hashing (Litwin 1980).
 * With one unit more, only draws that fell on one other unit may fall on the new one instead.
 */
function fold(draw: number, count: number): number {
  let size = 1;
  while (size < count) size *= 2;
  const slot = draw % size;
  return slot < count ? slot : slot % (size / 2);
}
