/** The types of Thrift's compact protocol, as its headers of fields and lists give them. */
export const T = {
  TRUE: 1,
  FALSE: 2,
  I8: 3,
  I16: 4,
  I32: 5,
  I64: 6,
  DOUBLE: 7,
  BINARY: 8,
  LIST: 9,
  SET: 10,
  MAP: 11,
  STRUCT: 12,
  UUID: 13,
} as const;

/** Whole numbers are bigint, as is the byte of a boolean in a list; doubles, texts and UUIDs are their bytes. */
export type ThriftValue = bigint | Uint8Array | ThriftList | ThriftMap | ThriftStruct;

export interface ThriftList {
  readonly element: number;
  readonly items: readonly ThriftValue[];
}

interface ThriftMap {
  /** Types of keys and values in one byte; an empty map has none. */
  readonly types: number;
  readonly pairs: readonly (readonly [ThriftValue, ThriftValue])[];
}

/** Fields in the order they were written in. */
export interface ThriftStruct {
  readonly fields: readonly ThriftField[];
}

/** A boolean field says all by its type, and its value is 0. */
export interface ThriftField {
  readonly id: number;
  readonly type: number;
  readonly value: ThriftValue;
}

/** Deeper trees are damage: Parquet's own is eight deep. */
const DEEPEST = 64;

/**
 * Reads a struct that takes up all the bytes. Every field is kept, also one that nobody here knows:
 * `encodeStruct` gives the same bytes again.
 *
 * @throws where the bytes are no such struct; nothing they claim is believed before it is there
 */
export function decodeStruct(bytes: Uint8Array): ThriftStruct {
  const reader = new Reader(bytes);
  const struct = reader.struct(0);
  if (reader.left > 0) throw new Error(`${reader.left} bytes follow its end`);
  return struct;
}

/** The bytes of a struct. */
export function encodeStruct(struct: ThriftStruct): Uint8Array {
  const bytes: number[] = [];
  writeStruct(bytes, struct);
  return Uint8Array.from(bytes);
}

/** The bytes of a value alone, without a field's header. */
export function encodeValue(type: number, value: ThriftValue): Uint8Array {
  const bytes: number[] = [];
  writeValue(bytes, type, value);
  return Uint8Array.from(bytes);
}

class Reader {
  private at = 0;

  constructor(private readonly bytes: Uint8Array) {}

  get left(): number {
    return this.bytes.length - this.at;
  }

  struct(depth: number): ThriftStruct {
    if (depth > DEEPEST) throw new Error(`it is nested more than ${DEEPEST} deep`);
    const fields: ThriftField[] = [];
    for (let id = 0; ; ) {
      const header = this.byte();
      if (header === 0) return { fields };
      id = header >> 4 === 0 ? Number(unzigzag(this.varint())) : id + (header >> 4);
      const type = header & 15;
      const value = type === T.TRUE || type === T.FALSE ? 0n : this.value(type, depth + 1);
      fields.push({ id, type, value });
    }
  }

  private value(type: number, depth: number): ThriftValue {
    switch (type) {
      case T.TRUE:
      case T.FALSE:
      case T.I8:
        return BigInt(this.byte());
      case T.I16:
      case T.I32:
      case T.I64:
        return unzigzag(this.varint());
      case T.DOUBLE:
        return this.take(8);
      case T.UUID:
        return this.take(16);
      case T.BINARY:
        return this.take(this.varint());
      case T.LIST:
      case T.SET:
        return this.list(depth);
      case T.MAP:
        return this.map(depth);
      case T.STRUCT:
        return this.struct(depth);
      default:
        throw new Error(`byte ${this.at} tells of type ${type}, which does not exist`);
    }
  }

  private list(depth: number): ThriftList {
    if (depth > DEEPEST) throw new Error(`it is nested more than ${DEEPEST} deep`);
    const header = this.byte();
    const element = header & 15;
    const items: ThriftValue[] = [];
    for (let rest = this.count(header >> 4 === 15 ? this.varint() : header >> 4); rest > 0; rest--) {
      items.push(this.value(element, depth + 1));
    }
    return { element, items };
  }

  private map(depth: number): ThriftMap {
    if (depth > DEEPEST) throw new Error(`it is nested more than ${DEEPEST} deep`);
    const pairs: [ThriftValue, ThriftValue][] = [];
    let rest = this.count(this.varint());
    const types = rest === 0 ? 0 : this.byte();
    for (; rest > 0; rest--) {
      pairs.push([this.value(types >> 4, depth + 1), this.value(types & 15, depth + 1)]);
    }
    return { types, pairs };
  }

  private byte(): number {
    return this.take(1)[0]!;
  }

  private take(length: bigint | number): Uint8Array {
    const end = this.at + this.count(length);
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  /** A number of bytes, or of elements, each of which takes one at least. */
  private count(claimed: bigint | number): number {
    if (claimed > this.left) {
      throw new Error(`${claimed} bytes or more should follow byte ${this.at}, and there are ${this.left}`);
    }
    return Number(claimed);
  }

  private varint(): bigint {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.byte();
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
    throw new Error(`the number before byte ${this.at} has more than 64 bits`);
  }
}

function writeStruct(bytes: number[], { fields }: ThriftStruct): void {
  let last = 0;
  for (const { id, type, value } of fields) {
    const step = id - last;
    if (step > 0 && step < 16) bytes.push((step << 4) | type);
    else {
      bytes.push(type);
      writeVarint(bytes, zigzag(BigInt(id)));
    }
    if (type !== T.TRUE && type !== T.FALSE) writeValue(bytes, type, value);
    last = id;
  }
  bytes.push(0);
}

function writeValue(bytes: number[], type: number, value: ThriftValue): void {
  if (typeof value === "bigint") {
    if (type <= T.I8) bytes.push(Number(value));
    else writeVarint(bytes, zigzag(value));
  } else if (value instanceof Uint8Array) {
    if (type === T.BINARY) writeVarint(bytes, BigInt(value.length));
    for (const byte of value) bytes.push(byte);
  } else if ("items" in value) {
    const size = value.items.length;
    bytes.push((Math.min(size, 15) << 4) | value.element);
    if (size >= 15) writeVarint(bytes, BigInt(size));
    for (const item of value.items) writeValue(bytes, value.element, item);
  } else if ("pairs" in value) {
    writeVarint(bytes, BigInt(value.pairs.length));
    if (value.pairs.length > 0) bytes.push(value.types);
    for (const [key, item] of value.pairs) {
      writeValue(bytes, value.types >> 4, key);
      writeValue(bytes, value.types & 15, item);
    }
  } else writeStruct(bytes, value);
}

function writeVarint(bytes: number[], value: bigint): void {
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
}

const zigzag = (value: bigint) => (value < 0n ? -2n * value - 1n : 2n * value);

const unzigzag = (value: bigint) => (value >> 1n) ^ -(value & 1n);
