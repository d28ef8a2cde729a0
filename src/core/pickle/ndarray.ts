import { endianness } from "node:os";

/** Numbers of a numpy array in JavaScript's own form. */
export type Numbers =
  | Uint8Array
  | Int8Array
  | Uint16Array
  | Int16Array
  | Uint32Array
  | Int32Array
  | BigUint64Array
  | BigInt64Array
  | Float32Array
  | Float64Array;

type Make = (buffer: ArrayBuffer) => Numbers;

/** numpy's type codes that are read: bool, whole numbers, floats. Half floats become float32. */
const TYPES: Readonly<Record<string, { readonly bytes: number; readonly make: Make }>> = {
  b1: { bytes: 1, make: (b) => new Uint8Array(b) },
  u1: { bytes: 1, make: (b) => new Uint8Array(b) },
  i1: { bytes: 1, make: (b) => new Int8Array(b) },
  u2: { bytes: 2, make: (b) => new Uint16Array(b) },
  i2: { bytes: 2, make: (b) => new Int16Array(b) },
  u4: { bytes: 4, make: (b) => new Uint32Array(b) },
  i4: { bytes: 4, make: (b) => new Int32Array(b) },
  u8: { bytes: 8, make: (b) => new BigUint64Array(b) },
  i8: { bytes: 8, make: (b) => new BigInt64Array(b) },
  f2: { bytes: 2, make: (b) => Float32Array.from(new Uint16Array(b), halfToFloat) },
  f4: { bytes: 4, make: (b) => new Float32Array(b) },
  f8: { bytes: 8, make: (b) => new Float64Array(b) },
};

/** Bytes of one number of a type code; undefined for a code that is not read. */
export function itemBytes(code: string): number | undefined {
  return Object.hasOwn(TYPES, code) ? TYPES[code]!.bytes : undefined;
}

/** A numpy array as it was pickled: its bytes are a view into the pickle. */
export class NdArray {
  /**
   * @param type numpy's type code without byte order: u1, f4 …
   * @param fortran the first index runs fastest
   * @param bytes as many as shape and code ask for
   */
  constructor(
    private type: string,
    private bigEndian: boolean,
    private lengths: readonly number[],
    private fortran: boolean,
    private bytes: Uint8Array,
  ) {}

  /** Takes over another's content: a pickle names an array before it fills it. */
  become(other: NdArray): void {
    this.type = other.type;
    this.bigEndian = other.bigEndian;
    this.lengths = other.lengths;
    this.fortran = other.fortran;
    this.bytes = other.bytes;
  }

  /** numpy's type code without byte order. */
  get code(): string {
    return this.type;
  }

  get shape(): readonly number[] {
    return this.lengths;
  }

  /** The arrays along its first axis, as views; of a column-major array they are copies. */
  *rows(): Generator<NdArray> {
    const [count = 0, ...shape] = this.lengths;
    const { bytes: width } = TYPES[this.type]!;
    const bytes = this.fortran ? rowMajor(this.bytes, this.lengths, width) : this.bytes;
    const length = shape.reduce((product, n) => product * n, width);
    for (let row = 0; row < count; row++) {
      yield new NdArray(
        this.type,
        this.bigEndian,
        shape,
        false,
        bytes.subarray(row * length, (row + 1) * length),
      );
    }
  }

  /** How many numbers it holds. */
  get size(): number {
    return this.lengths.reduce((product, length) => product * length, 1);
  }

  /** The numbers, the last index running fastest; a copy. */
  numbers(): Numbers {
    const { bytes: width, make } = TYPES[this.type]!;
    const ordered =
      this.fortran && this.lengths.length > 1 ? rowMajor(this.bytes, this.lengths, width) : this.bytes;
    const copy = Uint8Array.from(ordered);
    if (this.bigEndian !== (endianness() === "BE")) swap(copy, width);
    return make(copy.buffer);
  }
}

/** Bytes of a column-major array in row-major order. */
function rowMajor(bytes: Uint8Array, shape: readonly number[], width: number): Uint8Array {
  const result = new Uint8Array(bytes.length);
  const strides: number[] = [];
  shape.reduce((stride, length, axis) => {
    strides[axis] = stride;
    return stride * length;
  }, 1);
  const index = shape.map(() => 0);
  let from = 0;
  for (let to = 0; to < bytes.length; to += width) {
    for (let byte = 0; byte < width; byte++) result[to + byte] = bytes[from * width + byte]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis]!;
      index[axis]!++;
      if (index[axis]! < shape[axis]!) break;
      from -= strides[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

function swap(bytes: Uint8Array, width: number): void {
  for (let at = 0; width > 1 && at < bytes.length; at += width) bytes.subarray(at, at + width).reverse();
}

/** IEEE 754 binary16, as its 16 bits. */
function halfToFloat(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * 2 ** -24 * fraction;
  return sign * 2 ** (exponent - 25) * (1024 + fraction);
}
