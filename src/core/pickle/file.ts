import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { readPickle } from "./read.js";
import { broken, type PickleValue, tooLarge } from "./values.js";

/** Unpacked bytes that are held at most: some 7,000 pictures of 224 × 224 pixels. */
const MOST_BYTES = 2 ** 30;

/** Deflate packs a byte into no less than a 1,032nd of one (zlib's technical details). */
const DEFLATE_RATIO = 1032;

/**
 * Reads a pickle file, gzipped or not, whatever its name. A gzip file is unpacked as a stream that is left as soon as it
 * holds more than `mostBytes`.
 *
 * @throws StageError as `readPickle` does; a system error where the file cannot be read
 */
export async function readPickleFile(path: string, mostBytes = MOST_BYTES): Promise<PickleValue> {
  const { gzipped, size, unpackedClaim } = await look(path);
  const limit = `it unpacks to more than ${mostBytes} bytes`;
  if (!gzipped && size > mostBytes) throw tooLarge(limit);
  let bytes = Buffer.alloc(
    Math.min(gzipped ? Math.min(unpackedClaim, size * DEFLATE_RATIO) : size, mostBytes),
  );
  let filled = 0;
  let overflows = false;
  const take = async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      if (filled + chunk.length > mostBytes) {
        overflows = true;
        return;
      }
      if (filled + chunk.length > bytes.length) bytes = grown(bytes, filled + chunk.length, mostBytes);
      filled += chunk.copy(bytes, filled);
    }
  };
  try {
    if (gzipped) await pipeline(createReadStream(path), createGunzip(), take);
    else await pipeline(createReadStream(path), take);
  } catch (error) {
    // Leaving the stream half-way ends it with an error of its own.
    if (overflows) throw tooLarge(limit);
    const { code, message } = error as NodeJS.ErrnoException;
    if (code?.startsWith("Z_")) throw broken(`its gzip data is damaged (${message})`);
    throw error;
  }
  if (overflows) throw tooLarge(limit);
  return readPickle(bytes.subarray(0, filled));
}

/** What a file's ends say: whether it is gzip (RFC 1952), and how many bytes its last four claim to be inside. */
async function look(path: string) {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const ends = Buffer.alloc(6);
    await file.read(ends, 0, 2, 0);
    if (size > 4) await file.read(ends, 2, 4, size - 4);
    return { gzipped: ends[0] === 0x1f && ends[1] === 0x8b, size, unpackedClaim: ends.readUInt32LE(2) };
  } finally {
    await file.close();
  }
}

function grown(bytes: Buffer, needed: number, most: number): Buffer<ArrayBuffer> {
  const larger = Buffer.alloc(Math.min(most, Math.max(needed, 2 * bytes.length)));
  bytes.copy(larger);
  return larger;
}
