import { createHash } from "node:crypto";
import type { Json } from "../core/json.js";
import { canonicalJson } from "../core/json.js";

/** A source of numbers that depends on its key alone: never on how often other sources were asked. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  next(): number;
  /** Uniform integer in [0, n). */
  below(n: number): number;
}

/**
 * sfc32 (C. Doty-Humphrey, PractRand), seeded by the sha256 of the key: ("shuffle", seed, epoch) and
 * ("dropout", seed, layer, step) are streams of their own, so a resumed run needs no generator state.
 */
export function random(...key: Json[]): Random {
  const digest = createHash("sha256").update(canonicalJson(key)).digest();
  let a = digest.readUInt32LE(0);
  let b = digest.readUInt32LE(4);
  let c = digest.readUInt32LE(8);
  let counter = digest.readUInt32LE(12);
  const word = () => {
    const out = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = ((c << 21) | (c >>> 11)) >>> 0;
    c = (c + out) >>> 0;
    return out;
  };
  for (let i = 0; i < 12; i++) word();
  return {
    next: () => word() / 2 ** 32,
    below: (n) => Math.floor((word() / 2 ** 32) * n),
  };
}

/** A 31-bit seed for functions that take a number, from a key. */
export function seedOf(...key: Json[]): number {
  return random(...key).below(2 ** 31);
}

/** Shuffles in place (Fisher and Yates). */
export function shuffle<T, A extends T[] | Uint32Array>(values: A, source: Random): A {
  for (let i = values.length - 1; i > 0; i--) {
    const j = source.below(i + 1);
    const kept = values[i]!;
    values[i] = values[j]!;
    values[j] = kept;
  }
  return values;
}
