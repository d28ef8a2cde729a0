import { closeSync, fstatSync, openSync } from "node:fs";
import { readWhole } from "../files.js";
import {
  CHUNK,
  COLUMN,
  FILE,
  field,
  GROUP,
  requiredNumber,
  structOf,
  structsOf,
  wholeNumber,
} from "./fields.js";
import { decodeStruct, type ThriftStruct } from "./thrift.js";

/** What a Parquet file begins and ends with. */
export const MAGIC = "PAR1";

/** What one with an encrypted footer ends with. */
const ENCRYPTED_MAGIC = "PARE";

/** Bytes of the footer's length and the magic behind it. */
const TAIL = 8;

/** A longer footer is damage: that of a table of 100 million rows has three million. */
const LONGEST_FOOTER = 2 ** 26;

/** A row group: its metadata, and where the pages of its columns stand in the file. */
export interface RowGroup {
  readonly struct: ThriftStruct;
  readonly rows: number;
  readonly from: number;
  readonly to: number;
}

/** An open Parquet file with its footer read. */
export interface ParquetFile {
  readonly path: string;
  readonly fd: number;
  readonly footer: ThriftStruct;
  readonly groups: readonly RowGroup[];
  /** Where the footer begins. */
  readonly end: number;
}

/** The row groups of a Parquet file, in its order. @throws where its footer is damaged or encrypted. */
export function parquetGroups(path: string): { readonly rows: number }[] {
  const file = openParquet(path);
  closeSync(file.fd);
  return file.groups.map(({ rows }) => ({ rows }));
}

/** Opens a Parquet file; the caller closes `fd`. @throws where its footer is damaged or encrypted. */
export function openParquet(path: string): ParquetFile {
  const fd = openSync(path, "r");
  try {
    return { path, fd, ...readFooter(fd) };
  } catch (error) {
    closeSync(fd);
    throw new Error(`${path}: no Parquet file that can be read: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function readFooter(fd: number): Pick<ParquetFile, "footer" | "groups" | "end"> {
  const { size } = fstatSync(fd);
  if (size < MAGIC.length + TAIL) throw new Error(`it has ${size} bytes`);
  const tail = readWhole(fd, size - TAIL, TAIL);
  const magic = tail.toString("latin1", 4);
  if (magic === ENCRYPTED_MAGIC) throw new Error("its footer is encrypted");
  if (magic !== MAGIC || readWhole(fd, 0, MAGIC.length).toString("latin1") !== MAGIC) {
    throw new Error(`it does not begin and end with ${MAGIC}`);
  }
  const length = tail.readUInt32LE();
  const end = size - TAIL - length;
  if (end < MAGIC.length || length > LONGEST_FOOTER) {
    throw new Error(`its footer of ${length} bytes would not fit into it`);
  }
  try {
    const footer = decodeStruct(readWhole(fd, end, length));
    if (field(footer, FILE.encryption) !== undefined || field(footer, FILE.signingKey) !== undefined) {
      throw new Error("it is encrypted or signed");
    }
    structsOf(field(footer, FILE.schema));
    const groups = structsOf(field(footer, FILE.groups)).map((struct) => readGroup(struct, end));
    const rows = groups.reduce((sum, group) => sum + group.rows, 0);
    if (requiredNumber(footer, FILE.rows) !== rows)
      throw new Error("it has other numbers of rows than its groups");
    return { footer, groups, end };
  } catch (error) {
    throw new Error(`its footer is damaged or not supported: ${(error as Error).message}`, { cause: error });
  }
}

/** A row group of a file whose footer begins at `end`. */
function readGroup(struct: ThriftStruct, end: number): RowGroup {
  const ranges = structsOf(field(struct, GROUP.columns)).map(chunkRange);
  const from = ranges.reduce((least, range) => Math.min(least, range.from), end);
  const to = ranges.reduce((most, range) => Math.max(most, range.to), from);
  if (from < MAGIC.length || to > end) throw new Error("a row group lies outside the file's pages");
  return { struct, rows: requiredNumber(struct, GROUP.rows), from, to };
}

/** Where the pages of a column chunk stand: some writers give 0 as the offset of a page that there is not. */
function chunkRange(chunk: ThriftStruct): { from: number; to: number } {
  if (field(chunk, CHUNK.filePath) !== undefined) throw new Error("a column stands in another file");
  if (field(chunk, CHUNK.crypto) !== undefined || field(chunk, CHUNK.encryptedMetadata) !== undefined) {
    throw new Error("a column is encrypted");
  }
  const column = structOf(field(chunk, CHUNK.metadata));
  const others = [COLUMN.indexPage, COLUMN.dictionaryPage].map((id) => wholeNumber(column, id));
  const from = Math.min(
    requiredNumber(column, COLUMN.dataPage),
    ...others.filter((one) => !!one).map(Number),
  );
  return { from, to: from + requiredNumber(column, COLUMN.compressedSize) };
}
