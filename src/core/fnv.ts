/** FNV-1a, 32 bits, over the code units of a text: spreads names of any form evenly in its high bits. */
export function fnv1a(text: string): number {
  let sum = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) sum = Math.imul(sum ^ text.charCodeAt(i), 0x01000193);
  return sum >>> 0;
}
