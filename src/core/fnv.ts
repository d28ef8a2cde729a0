/** The prime of FNV-1a for 32 bits. */
export const FNV_PRIME = 0x01000193;
/** The sum of nothing. */
export const FNV_START = 0x811c9dc5;

/** FNV-1a, 32 bits, over the code units of a text: spreads names of any form evenly in its high bits. */
export function fnv1a(text: string): number {
  let sum = FNV_START;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), FNV_PRIME);
  return sum >>> 0;
}
