import type { ThriftList, ThriftStruct, ThriftValue } from "./thrift.js";

/** Field ids, as in parquet.thrift of apache/parquet-format. */
export const FILE = {
  version: 1,
  schema: 2,
  rows: 3,
  groups: 4,
  keyValues: 5,
  createdBy: 6,
  columnOrders: 7,
  encryption: 8,
  signingKey: 9,
} as const;

export const GROUP = { columns: 1, rows: 3, fileOffset: 5, ordinal: 7 } as const;

export const CHUNK = {
  filePath: 1,
  fileOffset: 2,
  metadata: 3,
  offsetIndexOffset: 4,
  offsetIndexLength: 5,
  columnIndexOffset: 6,
  columnIndexLength: 7,
  crypto: 8,
  encryptedMetadata: 9,
} as const;

export const COLUMN = {
  compressedSize: 7,
  dataPage: 9,
  indexPage: 10,
  dictionaryPage: 11,
  bloomOffset: 14,
  bloomLength: 15,
} as const;

/** A field's value, if the struct has it. */
export function field(struct: ThriftStruct, id: number): ThriftValue | undefined {
  return struct.fields.find((one) => one.id === id)?.value;
}

/** A whole number that a reader may use as an offset, a size or a count, if the struct has it. */
export function wholeNumber(struct: ThriftStruct, id: number): number | undefined {
  const value = field(struct, id);
  if (value === undefined) return undefined;
  if (typeof value !== "bigint" || value < 0n || value > Number.MAX_SAFE_INTEGER) {
    throw new Error(`field ${id} is no offset, size or count`);
  }
  return Number(value);
}

/** The same of a field that must be there. */
export function requiredNumber(struct: ThriftStruct, id: number): number {
  const value = wholeNumber(struct, id);
  if (value === undefined) throw new Error(`field ${id} is missing`);
  return value;
}

/** A struct within a struct, which must be there. */
export function structOf(value: ThriftValue | undefined): ThriftStruct {
  if (typeof value !== "object" || !("fields" in value)) throw new Error("a struct is missing");
  return value;
}

/** The structs of a list, which must be there. */
export function structsOf(value: ThriftValue | undefined): readonly ThriftStruct[] {
  if (typeof value !== "object" || !("items" in value)) throw new Error("a list is missing");
  return value.items.map(structOf);
}

/** A struct with some fields, as far as it has them, replaced, or left out where the new value is undefined. */
export function edited(
  struct: ThriftStruct,
  changes: Readonly<Record<number, (value: ThriftValue) => ThriftValue | undefined>>,
): ThriftStruct {
  const fields = struct.fields.flatMap((one) => {
    const change = changes[one.id];
    if (!change) return [one];
    const value = change(one.value);
    return value === undefined ? [] : [{ ...one, value }];
  });
  return { fields };
}

/** A list with other structs in it. */
export function listOf(list: ThriftValue, items: readonly ThriftStruct[]): ThriftList {
  return { ...(list as ThriftList), items };
}
