/** The prime of FNV-1a for 32 bits. */
const PRIME = 0x01000193;

/**
 * FNV-1a, 32 bits, over the code units of a text: spreads names of any form evenly in its high bits.
 *
 * @param prime another one gives a second hash of the same text
 */
export function fnv1a(text: string, prime = PRIME): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), prime);
  return sum >>> 0;
}
