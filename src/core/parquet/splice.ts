import { closeSync, openSync, rmSync } from "node:fs";
import { copyRange, writeWhole } from "../files.js";
import {
  CHUNK,
  COLUMN,
  edited,
  FILE,
  field,
  GROUP,
  listOf,
  structOf,
  structsOf,
  wholeNumber,
} from "./fields.js";
import { MAGIC, openParquet, type ParquetFile, type RowGroup } from "./file.js";
import {
  encodeStruct,
  encodeValue,
  type ThriftField,
  type ThriftStruct,
  type ThriftValue,
} from "./thrift.js";

/** A row group of a Parquet file, by its place there. */
export interface ParquetPiece {
  readonly file: string;
  readonly group: number;
}

/** Row groups before `ordinal` no longer fits its 16 bits; readers can do without. */
const MOST_ORDINALS = 2 ** 15;

/**
 * Writes a Parquet file made of row groups of others, in the order given, without decoding them: pages and bloom
 * filters are copied as they are, statistics and all else in the footer is kept. Page indexes are left out.
 *
 * All files must be alike: written by the same version of the same program, with the same schema.
 *
 * @param target must not exist; not synced
 * @throws before anything is written where the files are damaged or encrypted; UnlikeFiles where they are not alike
 */
export function spliceParquet(target: string, pieces: readonly ParquetPiece[]): void {
  const files = new Map<string, ParquetFile>();
  try {
    for (const { file } of pieces) if (!files.has(file)) files.set(file, openParquet(file));
    const [first, ...others] = files.values();
    if (!first) throw new Error(`${target}: a Parquet file needs one row group at least`);
    for (const other of others) checkAlike(first, other);
    const { ranges, footer } = plan(
      first.footer,
      pieces.map(({ file, group }) => {
        const source = files.get(file)!;
        const found = source.groups[group];
        if (!found)
          throw new Error(`${file}: it has no row group ${group}, but ${source.groups.length} of them`);
        return { source, group: found };
      }),
    );
    write(target, ranges, encodeStruct(footer));
  } finally {
    for (const { fd } of files.values()) closeSync(fd);
  }
}

/** Files whose row groups cannot stand in one. */
export class UnlikeFiles extends Error {}

/** What a file says of all its row groups together, and what it is called. */
const COMMON: Readonly<Record<number, string>> = {
  [FILE.version]: "format versions",
  [FILE.schema]: "schemas",
  [FILE.keyValues]: "key-value metadata",
  [FILE.createdBy]: "writers",
  [FILE.columnOrders]: "column orders",
};

/** @throws UnlikeFiles unless two footers are equal but for their rows: what a page or a statistic means hangs on the rest. */
function checkAlike(first: ParquetFile, other: ParquetFile): void {
  const bytes = (one: ThriftField | undefined) =>
    one && Buffer.from([one.type, ...encodeValue(one.type, one.value)]);
  const ids = [first, other].flatMap(({ footer }) => footer.fields.map(({ id }) => id));
  for (const id of new Set(ids)) {
    if (id === FILE.rows || id === FILE.groups) continue;
    const [a, b] = [first, other].map(({ footer }) => bytes(footer.fields.find((one) => one.id === id)));
    if (a && b ? !a.equals(b) : a !== b) {
      const what = COMMON[id] ?? `values of footer field ${id}`;
      throw new UnlikeFiles(
        `${first.path} and ${other.path} have different ${what}: their row groups cannot stand in one file; write one of them anew`,
      );
    }
  }
}

interface Placed {
  readonly source: ParquetFile;
  readonly group: RowGroup;
}

/** Bytes of a file that are copied in one go. */
interface Range {
  readonly source: ParquetFile;
  readonly from: number;
  to: number;
}

/** The bytes of the new file between its first magic and its footer. */
class Layout {
  readonly ranges: Range[] = [];
  private size = MAGIC.length;

  /** Appends bytes of a file. @returns how far they move. */
  append(source: ParquetFile, from: number, to: number): number {
    const last = this.ranges.at(-1);
    if (last?.source === source && last.to === from) last.to = to;
    else this.ranges.push({ source, from, to });
    const shift = this.size - from;
    this.size += to - from;
    return shift;
  }
}

/** What is copied from where, all pages first and all bloom filters after them, as DuckDB does, and the new footer. */
function plan(
  common: ThriftStruct,
  placed: readonly Placed[],
): { ranges: readonly Range[]; footer: ThriftStruct } {
  const layout = new Layout();
  const shifts = placed.map(({ source, group }) => layout.append(source, group.from, group.to));
  const groups = placed.map((one, i) => movedGroup(one, shifts[i]!, i, layout));
  const rows = placed.reduce((sum, { group }) => sum + BigInt(group.rows), 0n);
  const footer = edited(common, {
    [FILE.rows]: () => rows,
    [FILE.groups]: (list) => listOf(list, groups),
  });
  return { ranges: layout.ranges, footer };
}

/** A row group's metadata at its new place. */
function movedGroup({ source, group }: Placed, shift: number, ordinal: number, layout: Layout): ThriftStruct {
  const within = (at: ThriftValue) => typeof at === "bigint" && at >= group.from && at < group.to;
  // 0 stands for a page, or a copy of the metadata, that there is not.
  const moved = (at: ThriftValue) => (within(at) ? (at as bigint) + BigInt(shift) : 0n);
  const drop = () => undefined;
  const chunks = structsOf(field(group.struct, GROUP.columns)).map((chunk) =>
    edited(chunk, {
      [CHUNK.fileOffset]: moved,
      [CHUNK.metadata]: (column) => movedColumn(structOf(column), source, moved, layout),
      [CHUNK.offsetIndexOffset]: drop,
      [CHUNK.offsetIndexLength]: drop,
      [CHUNK.columnIndexOffset]: drop,
      [CHUNK.columnIndexLength]: drop,
    }),
  );
  return edited(group.struct, {
    [GROUP.columns]: (list) => listOf(list, chunks),
    [GROUP.fileOffset]: () => BigInt(group.from + shift),
    [GROUP.ordinal]: () => (ordinal < MOST_ORDINALS ? BigInt(ordinal) : undefined),
  });
}

/** A column's metadata at its new place. A bloom filter of unknown length (old writers) is left out. */
function movedColumn(
  column: ThriftStruct,
  source: ParquetFile,
  moved: (at: ThriftValue) => ThriftValue,
  layout: Layout,
): ThriftStruct {
  const bloom = wholeNumber(column, COLUMN.bloomOffset);
  const length = wholeNumber(column, COLUMN.bloomLength);
  let place: bigint | undefined;
  if (bloom !== undefined && length !== undefined) {
    if (bloom + length > source.end) throw new Error(`${source.path}: a bloom filter lies outside the file`);
    place = BigInt(bloom + layout.append(source, bloom, bloom + length));
  }
  return edited(column, {
    [COLUMN.dataPage]: moved,
    [COLUMN.indexPage]: moved,
    [COLUMN.dictionaryPage]: moved,
    [COLUMN.bloomOffset]: () => place,
  });
}

function write(target: string, ranges: readonly Range[], footer: Uint8Array): void {
  const fd = openSync(target, "wx");
  try {
    writeWhole(fd, Buffer.from(MAGIC));
    for (const { source, from, to } of ranges) copyRange(source.fd, from, to, fd);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    writeWhole(fd, Buffer.concat([footer, length, Buffer.from(MAGIC)]));
  } catch (error) {
    rmSync(target, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}
