import { createWriteStream } from "node:fs";
import { type Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createBrotliDecompress, createGunzip, createInflate } from "node:zlib";
import { WebError } from "./web-error.js";

/** In each period of the body's time-out at least so many bytes have to come. */
const LEAST_PER_PERIOD = 16 * 1024;
/** A body that keeps to that is waited for over this many periods. */
const MOST_PERIODS = 30;

export interface BodyLimits {
  /** Of the bytes sent, and of what they decode to. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
}

/** Each piece is a trip to the thread pool and through the event loop, where other work is in line. */
const PIECES = { chunkSize: 256 * 1024 };

const DECODERS: Readonly<Record<string, () => Transform>> = {
  gzip: () => createGunzip(PIECES),
  "x-gzip": () => createGunzip(PIECES),
  deflate: () => createInflate(PIECES),
  br: () => createBrotliDecompress(PIECES),
};

/**
 * Reads a body into memory, decoded.
 *
 * @param encoding its Content-Encoding
 * @throws WebError where it is too large, too slow, torn or encoded in a way nobody asked for
 */
export async function readBody(
  body: Readable,
  encoding: string | undefined,
  limits: BodyLimits,
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const keep = new Writable({
    write(chunk: Buffer, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  await flow(body, encoding, limits, keep);
  return Buffer.concat(chunks);
}

/** Reads a body into a file. @throws as readBody, or the file system's error */
export async function saveBody(
  body: Readable,
  encoding: string | undefined,
  limits: BodyLimits,
  path: string,
): Promise<void> {
  await flow(body, encoding, limits, createWriteStream(path));
}

async function flow(
  body: Readable,
  encoding: string | undefined,
  limits: BodyLimits,
  target: Writable,
): Promise<void> {
  const stages = decoders(body, encoding);
  let sent = 0;
  const slow = new AbortController();
  let last = 0;
  let periods = 0;
  const timer = setInterval(() => {
    periods += 1;
    if (sent - last < LEAST_PER_PERIOD || periods > MOST_PERIODS) {
      const what = `${sent - last} bytes of the body came in ${limits.timeoutMs / 1000} s`;
      slow.abort(new WebError("timeout", what, { transient: true }));
    }
    last = sent;
  }, limits.timeoutMs);
  try {
    const counted = limit(limits.maxBytes, (bytes) => {
      sent = bytes;
    });
    await pipeline([body, counted, ...stages, limit(limits.maxBytes), target], { signal: slow.signal });
  } catch (error) {
    throw slow.signal.aborted ? slow.signal.reason : error;
  } finally {
    clearInterval(timer);
  }
}

/** Passes bytes on until they are too many. */
function limit(maxBytes: number, onBytes?: (sum: number) => void): Transform {
  let sum = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sum += chunk.length;
      onBytes?.(sum);
      if (sum > maxBytes) done(tooLarge(maxBytes));
      else done(null, chunk);
    },
  });
}

function decoders(body: Readable, encoding: string | undefined): Transform[] {
  const names = (encoding ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && name !== "identity");
  const known = names.map((name) => (Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined));
  // Several layers are a way to blow up a body; no server sends them for pictures.
  if (known.length > 1 || known.includes(undefined)) {
    body.on("error", () => {}).destroy();
    throw new WebError("bad-encoding", `encoded as ${names.join(", ")}, which was not asked for`);
  }
  return known.map((make) => make!());
}

/** The failure of a body over its limit. */
export function tooLarge(maxBytes: number): WebError {
  return new WebError("too-large", `more than ${maxBytes} bytes`);
}
