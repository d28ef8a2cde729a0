/**
 * Half-precision floats (IEEE 754 binary16): a sign, 5 bits of exponent, 10 of fraction. Values up to 65,504 keep three
 * to four decimal digits; larger ones become 65,504, which is better than infinity in a network.
 */
const LARGEST = 0x7bff;

const float = new Float32Array(1);
const bits = new Uint32Array(float.buffer);

/** The nearest half-precision floats, ties to even, as bits. */
export function toHalf(values: Float32Array): Uint16Array<ArrayBuffer> {
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) {
    float[0] = values[i]!;
    const word = bits[0]!;
    const sign = (word >>> 16) & 0x8000;
    const magnitude = word & 0x7fffffff;
    halves[i] = sign | (magnitude < 0x38800000 ? small(magnitude) : normal(magnitude));
  }
  return halves;
}

/** At least 2⁻¹⁴: the exponent's bias changes from 127 to 15, 13 bits of the fraction are rounded off. */
function normal(magnitude: number): number {
  if (magnitude > 0x7f800000) return 0x7e00; // Not a number.
  const half = (magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13;
  return Math.min(half, LARGEST);
}

/** Below 2⁻¹⁴: a multiple of 2⁻²⁴, which adding 0.5 brings to the end of the float's fraction, rounded as it should be. */
function small(magnitude: number): number {
  bits[0] = magnitude;
  float[0]! += 0.5;
  return bits[0]! - 0x3f000000;
}

let table: Float32Array | undefined;

/** What half-precision floats mean. */
export function fromHalf(halves: Uint16Array): Float32Array<ArrayBuffer> {
  table ??= Float32Array.from({ length: 2 ** 16 }, (_, half) => meaning(half));
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = table[halves[i]!]!;
  return values;
}

function meaning(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 0x1f;
  const fraction = half & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
