import { sha256 } from "../../core/hash.js";

/** A ustar name holds 100 bytes; ".json" takes five. */
const LONGEST = 95;

/**
 * An id as the key of a WebDataset sample: letters, digits, `-` and `_` stand for themselves, every other byte as
 * %XX (a dot would end the key, a slash would make a folder). Too long an id becomes `%` and its sha256; the JSON
 * beside the picture holds the id as it is.
 */
export function sampleKey(id: string): string {
  if (id.length <= LONGEST && /^[A-Za-z0-9_-]+$/.test(id)) return id;
  let key = "";
  for (const byte of Buffer.from(id)) {
    const char = String.fromCharCode(byte);
    key += /[A-Za-z0-9_-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return key !== "" && key.length <= LONGEST ? key : `%${sha256(id)}`;
}

/** The file name extension that WebDataset readers know a picture format by. */
export function extension(format: string): string {
  return format === "jpeg" ? "jpg" : format;
}
