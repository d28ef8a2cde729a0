/** A folder's files fall into so many units, each scanned as one; part of what a folder's identity means. */
export const UNITS = 16;

/** FNV-1a, 32 bits, over the code units of a relative path: spreads the files of any layout evenly. */
export function unitOf(path: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < path.length; i++) sum = Math.imul(sum ^ path.charCodeAt(i), 0x01000193);
  // The low bits of neighbouring names follow each other; the high ones do not.
  return (sum >>> 28) % UNITS;
}
