import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { extname, join } from "node:path";
import { finished } from "node:stream/promises";
import glob from "fast-glob";
import { describe, KEY_BYTES, keyOf } from "../../../../core/stat-state.js";
import type { StatTable } from "../../../../core/stat-table.js";
import type { LocalSource } from "../../schema.js";
import { readingFolders } from "./folders.js";
import { UNITS, unitOf } from "./units.js";

/** What is to be looked at: of all units those whose number leaves `index` when divided by `of`. */
export interface Share {
  readonly index: number;
  readonly of: number;
}

/** The files of one unit, sorted by code unit. */
export interface Unit {
  readonly number: number;
  /** Relative paths, joined by NUL, which no path holds. */
  readonly names: string;
  /** 32 bytes a file: the sha256 of its bytes. */
  readonly digests: ArrayBuffer;
  /** Places of the files that the tables do not know in their present state: their digests are zeros. */
  readonly misses: Uint32Array;
  /** unitSum, where nothing is missed. */
  readonly sum?: string;
}

export interface Scan {
  readonly units: readonly Unit[];
  /** What was left out, and why. */
  readonly warnings: readonly string[];
}

/** Finds the files below a folder whose names fit, as far as they fall into a share, and what tables know of them. */
export async function scan(
  root: string,
  source: LocalSource,
  share: Share,
  tables: readonly StatTable[],
): Promise<Scan> {
  const warnings: string[] = [];
  const found = Array.from({ length: UNITS }, () => [] as string[]);
  const mine = (path: string) => unitOf(path) % share.of === share.index;
  const warn = (message: string) => void warnings.push(message);
  const others: glob.Entry[] = [];
  await entries(root, source, mine, warn, (entry) => {
    const unit = unitOf(entry.path);
    if (unit % share.of !== share.index) return;
    if (entry.dirent.isFile()) found[unit]?.push(entry.path);
    else others.push(entry);
  });
  for (const { path, dirent } of others) {
    const problem = await problemOf(dirent, path, join(root, path));
    if (problem === undefined) found[unitOf(path)]?.push(path);
    else if (problem !== "folder") warn(`left out ${path}: ${problem}`);
  }
  const units = found.flatMap((names, number) =>
    number % share.of === share.index ? [lookUp(root, number, names.sort(), tables)] : [],
  );
  return { units, warnings };
}

/** sha256 over name, NUL, hexadecimal digest and line break of each file: stands for a unit. */
export function unitSum(names: readonly string[], digests: Buffer): string {
  const sum = createHash("sha256");
  let text = "";
  for (const [i, name] of names.entries()) {
    text += `${name}\0${digests.toString("hex", i * 32, i * 32 + 32)}\n`;
    if (text.length < 1 << 16) continue;
    sum.update(text);
    text = "";
  }
  return sum.update(text).digest("hex");
}

/** Calls `each` with what fits. By event: a promise for each of 10,000 entries would take a fifth of the time. */
async function entries(
  root: string,
  source: LocalSource,
  mine: (path: string) => boolean,
  warn: (message: string) => void,
  each: (entry: glob.Entry) => void,
): Promise<void> {
  const patterns = inBothForms(source.patterns);
  const stream = glob.stream(patterns, {
    cwd: root,
    ignore: inBothForms(source.ignore),
    caseSensitiveMatch: false,
    followSymbolicLinks: source.follow_symlinks,
    onlyFiles: false,
    objectMode: true,
    // One pattern meets each file once; finding out costs memory for every name.
    unique: patterns.length > 1,
    fs: { readdir: readingFolders(root, source.follow_symlinks, mine, warn) },
  });
  stream.on("data", each);
  await finished(stream);
}

/** Letters with marks come as one character or as two (Unicode's NFC and NFD): a pattern means both. */
function inBothForms(patterns: readonly string[]): string[] {
  return [
    ...new Set(patterns.flatMap((pattern) => [pattern, pattern.normalize("NFC"), pattern.normalize("NFD")])),
  ];
}

function lookUp(root: string, number: number, names: string[], tables: readonly StatTable[]): Unit {
  const digests = new ArrayBuffer(names.length * 32);
  const out = Buffer.from(digests);
  const misses: number[] = [];
  const place = { key: Buffer.alloc(KEY_BYTES), state: new BigInt64Array(4) };
  for (const [i, name] of names.entries()) {
    const known = tables.length > 0 ? find(tables, `${root}/${name}`, place) : undefined;
    if (known) known.copy(out, i * 32);
    else misses.push(i);
  }
  const sum = misses.length === 0 ? { sum: unitSum(names, out) } : {};
  return { number, names: names.join("\0"), digests, misses: Uint32Array.from(misses), ...sum };
}

function find(
  tables: readonly StatTable[],
  path: string,
  place: { readonly key: Buffer; readonly state: BigInt64Array<ArrayBuffer> },
): Buffer | undefined {
  try {
    const state = describe(fs.statSync(path, { bigint: true }), place.state);
    const key = keyOf(path, place.key);
    for (const table of tables) {
      const known = table.find(key, state);
      if (known) return known;
    }
  } catch {
    // Who has it hashed meets the same, and says so.
  }
  return undefined;
}

type FileType = Pick<fs.Stats, "isFile" | "isDirectory" | "isSymbolicLink">;

/** Why an entry that is no plain file is no file to read; folders met in passing ("folder") are nothing to speak of. */
async function problemOf(dirent: FileType, name: string, path: string): Promise<string | undefined> {
  let found = dirent;
  if (found.isSymbolicLink()) {
    try {
      found = await fs.promises.stat(path);
    } catch (error) {
      return `it is a link to nothing readable (${reason(error)})`;
    }
    if (found.isFile()) return undefined;
  }
  if (found.isDirectory()) return extname(name) === "" ? "folder" : "it is a folder";
  return "it is no regular file";
}

export function reason(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
}
