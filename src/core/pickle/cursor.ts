import { broken, tooLarge } from "./values.js";

/** Digits of the longest whole number that is read: 255 bytes. */
const MOST_DIGITS = 620;

/** V8's longest string has some 2^29 characters. */
const MOST_TEXT = 2 ** 28;

/** Reads a pickle's bytes from front to back. Every length that it claims is held against what is there. */
export class Cursor {
  private at = 0;
  private readonly buffer: Buffer;

  constructor(bytes: Uint8Array) {
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The next `length` bytes, as a view. @throws StageError where there are fewer */
  take(length: number): Buffer {
    if (!(length >= 0 && length <= this.left)) {
      throw broken(`at byte ${this.at} it claims ${length} bytes more, and there are ${this.left}`);
    }
    this.at += length;
    return this.buffer.subarray(this.at - length, this.at);
  }

  byte(): number {
    const value = this.buffer[this.at++];
    if (value === undefined) throw broken("it ends before its end");
    return value;
  }

  uint16(): number {
    return this.take(2).readUInt16LE();
  }

  uint32(): number {
    return this.take(4).readUInt32LE();
  }

  int32(): number {
    return this.take(4).readInt32LE();
  }

  /** A length of eight bytes; larger than any file, it is refused by `take`. */
  uint64(): number {
    return Number(this.take(8).readBigUInt64LE());
  }

  double(): number {
    return this.take(8).readDoubleBE();
  }

  utf8(length: number): string {
    return asText(this.take(length), "utf8");
  }

  latin1(length: number): string {
    return asText(this.take(length), "latin1");
  }

  /** Up to the next line feed, which is left out, as Latin-1. */
  line(): string {
    const end = this.buffer.indexOf(10, this.at);
    if (end < 0) throw broken("it ends within a line");
    const text = this.latin1(end - this.at);
    this.at++;
    return text;
  }

  /** A whole number in `length` bytes, little endian, two's complement. */
  long(length: number): number | bigint {
    if (length > 255) throw broken(`a whole number of ${length} bytes`);
    const bytes = this.take(length);
    if (length === 0) return 0;
    const value = BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
    return exact(BigInt.asIntN(8 * length, value));
  }

  /** Where the next byte stands. */
  get position(): number {
    return this.at;
  }

  /** Bytes from there on. */
  get left(): number {
    return this.buffer.length - this.at;
  }
}

function asText(bytes: Buffer, encoding: "utf8" | "latin1"): string {
  if (bytes.length > MOST_TEXT) throw tooLarge(`it holds a text of ${bytes.length} bytes`);
  return bytes.toString(encoding);
}

/** A whole number as text ("12", "12L"). */
export function wholeNumber(text: string): number | bigint {
  const digits = text.replace(/L$/, "").trim();
  if (!/^[+-]?\d+$/.test(digits) || digits.length > MOST_DIGITS)
    throw broken(`${JSON.stringify(text.slice(0, 40))} is no number`);
  return exact(BigInt(digits));
}

/** Python's float as text. */
export function float(text: string): number {
  const word = /^([+-]?)(inf|nan)$/.exec(text.trim());
  if (word) return word[2] === "nan" ? Number.NaN : word[1] === "-" ? -Infinity : Infinity;
  const value = Number(text);
  if (text.trim() === "" || Number.isNaN(value))
    throw broken(`${JSON.stringify(text.slice(0, 40))} is no number`);
  return value;
}

/** A number where JavaScript's numbers are exact. */
export function exact(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** Text in Python's raw-unicode-escape: \uXXXX and \UXXXXXXXX stand for characters, all else for itself. */
export function rawUnicode(text: string): string {
  return text.replace(/\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|.)/gs, (all, four, eight) => {
    const code = Number.parseInt(four ?? eight ?? "", 16);
    return code <= 0x10ffff ? String.fromCodePoint(code) : all;
  });
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  "0": "\0",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
};

/** A Python 2 string literal in quotes. */
export function quoted(text: string): string {
  const literal = /^(['"])(.*)\1$/s.exec(text.trim());
  if (!literal) throw broken("a string without its quotes");
  return literal[2]!.replace(/\\(?:x([0-9a-fA-F]{2})|(.))/gs, (_, hex, char) =>
    hex === undefined ? (ESCAPES[char] ?? char) : String.fromCharCode(Number.parseInt(hex, 16)),
  );
}
