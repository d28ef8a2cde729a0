import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { createGunzip } from "node:zlib";

/** Longer lines are no rows of a list. */
const LONGEST = 1 << 20;

export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its end; undefined where it is longer than anything a list holds. */
  readonly text: string | undefined;
}

/**
 * The lines of a text file, gzipped or not, in pieces: LF or CRLF, a byte order mark at the head left out. Bytes that are no
 * UTF-8 become U+FFFD.
 */
export async function* linesOf(path: string): AsyncGenerator<readonly Line[]> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const zipped = isGzip(path);
  const bytes = zipped ? file.pipe(createGunzip()) : file;
  if (zipped) file.on("error", (error) => bytes.destroy(error));
  const decoder = new TextDecoder("utf-8");
  let number = 0;
  let rest = "";
  let overlong = false;
  const take = (text: string): Line => {
    number += 1;
    const whole =
      overlong || text.length > LONGEST ? undefined : text.endsWith("\r") ? text.slice(0, -1) : text;
    overlong = false;
    return { number, text: whole };
  };
  for await (const chunk of bytes as AsyncIterable<Buffer>) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = parts.pop() as string;
    if (rest.length > LONGEST) {
      overlong = true;
      rest = "";
    }
    if (parts.length > 0) yield parts.map(take);
  }
  rest += decoder.decode();
  if (rest !== "" || overlong) yield [take(rest)];
}

/** Whether a file begins as gzip does. */
function isGzip(path: string): boolean {
  const head = Buffer.alloc(2);
  const fd = openSync(path, "r");
  try {
    readSync(fd, head, 0, 2, 0);
  } finally {
    closeSync(fd);
  }
  return head[0] === 0x1f && head[1] === 0x8b;
}
