import { createHash } from "node:crypto";
import { fnv1a } from "../../../../core/fnv.js";
import { sha256 } from "../../../../core/hash.js";

/** A folder's files fall into so many units, each scanned as one; part of what a folder's identity means. */
export const UNITS = 256;

/** The unit of a file, by its relative path. */
export function unitOf(path: string): number {
  // The low bits of neighbouring names follow each other; the high ones do not.
  return fnv1a(path) >>> 24;
}

/** What the ids of a unit's files begin with. */
export function beginningOf(unit: number): string {
  return unit.toString(16).padStart(2, "0");
}

/** The file's unit and 120 bits of its relative path's sha256: the same on every machine that has the folder. */
export function idOf(path: string): string {
  return beginningOf(unitOf(path)) + sha256(path).slice(0, 30);
}

/** sha256 over name, NUL, hexadecimal digest and line break of each file: stands for a unit. */
export function unitSum(names: readonly string[], digests: Buffer): string {
  const sum = createHash("sha256");
  const hex = digests.toString("hex");
  let text = "";
  for (const [i, name] of names.entries()) {
    text += `${name}\0${hex.slice(i * 64, i * 64 + 64)}\n`;
    if (text.length < 1 << 16) continue;
    sum.update(text);
    text = "";
  }
  return sum.update(text).digest("hex");
}
