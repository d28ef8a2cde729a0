import { appendFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";

/** What an event tells beside its scalars. */
interface Moment {
  /** Seconds since 1970. */
  readonly wallTime: number;
  /** Steps of the training so far. */
  readonly step: number;
}

/**
 * A TensorBoard event file: the Event messages of tensorflow/core/util/event.proto in records of the TFRecord format
 * (tensorflow/core/lib/io/record_writer.h). It holds wall-clock times, so it belongs to a run's folder, never to an
 * artifact.
 */
export class EventFile {
  private readonly path: string;

  /** Begins a file in a folder, beside those that other processes began. @param wallTime seconds since 1970 */
  constructor(folder: string, wallTime: number) {
    mkdirSync(folder, { recursive: true });
    // TensorBoard looks for "tfevents" in names and reads a folder's files in their order.
    this.path = join(folder, `events.out.tfevents.${Math.floor(wallTime)}.pipestill.${process.pid}`);
    this.append([...double(1, wallTime), ...bytes(3, Buffer.from("brain.Event:2"))]);
  }

  scalars({ wallTime, step }: Moment, values: Readonly<Record<string, number>>): void {
    const summary = Object.entries(values).flatMap(([tag, value]) =>
      bytes(1, [...bytes(1, Buffer.from(tag)), ...float(2, value)]),
    );
    this.append([...double(1, wallTime), ...varint(2, step), ...bytes(5, summary)]);
  }

  /** A record: length, masked checksum of the length, data, masked checksum of the data. */
  private append(message: readonly number[]): void {
    const data = Buffer.from(message);
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(data.length));
    appendFileSync(this.path, Buffer.concat([length, checksum(length), data, checksum(data)]));
  }
}

// Fields of Protocol Buffers messages: number · 8 + wire type, then the value.

function double(field: number, value: number): number[] {
  const raw = Buffer.alloc(8);
  raw.writeDoubleLE(value);
  return [field * 8 + 1, ...raw];
}

function float(field: number, value: number): number[] {
  const raw = Buffer.alloc(4);
  raw.writeFloatLE(value);
  return [field * 8 + 5, ...raw];
}

function varint(field: number, value: number): number[] {
  return [field * 8, ...varintBytes(value)];
}

function bytes(field: number, value: Iterable<number>): number[] {
  const all = [...value];
  return [field * 8 + 2, ...varintBytes(all.length), ...all];
}

/** Seven bits a byte, the lowest first; the eighth says that more follow. */
function varintBytes(value: number): number[] {
  return value < 128 ? [value] : [128 + (value % 128), ...varintBytes(Math.floor(value / 128))];
}

/** CRC-32C (Castagnoli) of each byte, reflected. */
const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  return crc;
});

/** The CRC-32C of TFRecord: rotated and shifted, since the checksum of data with checksums inside says little. */
function checksum(data: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of data) crc = (crc >>> 8) ^ CRC_TABLE[(crc ^ byte) & 255]!;
  crc = ~crc >>> 0;
  const masked = Buffer.alloc(4);
  masked.writeUInt32LE((((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0);
  return masked;
}
