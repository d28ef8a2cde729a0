import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { StageError } from "../../core/errors.js";
import { writeFileAtomic } from "../../core/files.js";
import { hashRecord, type Sha256 } from "../../core/hash.js";
import { isJsonObject, type Json, type JsonObject } from "../../core/json.js";
import { isSha256 } from "../../core/layout.js";
import type { WrittenTable } from "../../core/tables/parts.js";
import type { Blobs } from "./blobs.js";
import type { Notices } from "./notices.js";
import { moveToDamaged, namesIn, parseJson, textOf } from "./paths.js";

/** A file of an artifact. */
export interface TreeEntry {
  readonly blob: Sha256;
  readonly bytes: number;
  /** For tables: what names them is their content, whatever bytes encode it. */
  readonly table?: WrittenTable;
}

/** An artifact: its hash is over paths and contents. */
export interface Tree {
  readonly hash: Sha256;
  /** Of all its files together. */
  readonly bytes: number;
  readonly entries: Readonly<Record<string, TreeEntry>>;
}

/** sha256 of the canonical JSON of {tag: "artifact/1", entries: path → {blob} or, for tables, {table: content}}. */
export function treeHash(entries: Tree["entries"]): Sha256 {
  const named = Object.entries(entries).map(([path, { blob, table }]): [string, JsonObject] => [
    path,
    table ? { table: table.content } : { blob },
  ]);
  return hashRecord({ tag: "artifact/1", entries: Object.fromEntries(named) });
}

/** The manifests of artifacts: trees/<hash>.json. */
export class Trees {
  private readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly readOnly: boolean,
    private readonly blobs: Blobs,
    private readonly notices: Notices,
  ) {
    this.folder = join(root, "trees");
  }

  /**
   * Keeps an artifact whose blobs are in the store. Of two encodings of the same tables the first stays, as long as
   * its bytes are there.
   *
   * @throws StageError for a path that would leave the artifact
   */
  put(entries: Tree["entries"]): Tree {
    for (const path of Object.keys(entries)) checkPath(path);
    const hash = treeHash(entries);
    const present = this.get(hash);
    if (present && this.missing(present).length === 0) return present;
    mkdirSync(this.folder, { recursive: true });
    writeFileAtomic(this.path(hash), `${JSON.stringify({ hash, entries }, undefined, 1)}\n`);
    return { hash, bytes: totalBytes(entries), entries };
  }

  /** The artifact; undefined where the store has none of that name, or a broken one, which is set aside. */
  get(hash: Sha256): Tree | undefined {
    if (!isSha256(hash)) return undefined;
    const text = textOf(this.path(hash));
    if (text === undefined) return undefined;
    const entries = readEntries(parseJson(text));
    if (entries && treeHash(entries) === hash) return { hash, bytes: totalBytes(entries), entries };
    if (!this.readOnly) moveToDamaged(this.root, this.path(hash));
    this.notices.add(`the manifest of artifact ${hash.slice(0, 12)} was damaged and is set aside`);
    return undefined;
  }

  /** Paths in the artifact whose file is gone from the store or has another size. Bytes are not read. */
  missing(tree: Tree): string[] {
    return Object.entries(tree.entries)
      .filter(([, { blob, bytes }]) => {
        const stats = statSync(this.blobs.path(blob), { throwIfNoEntry: false });
        return stats === undefined || !stats.isFile() || stats.size !== bytes;
      })
      .map(([path]) => path);
  }

  /** Hashes of all artifacts, sorted. */
  list(): Sha256[] {
    return namesIn(this.folder)
      .map((name) => name.replace(/\.json$/, ""))
      .filter(isSha256);
  }

  path(hash: Sha256): string {
    return join(this.folder, `${hash}.json`);
  }
}

function totalBytes(entries: Tree["entries"]): number {
  return Object.values(entries).reduce((sum, { bytes }) => sum + bytes, 0);
}

function checkPath(path: string): void {
  const parts = path.split("/");
  if (!path.includes("\0") && !parts.some((part) => part === "" || part === "." || part === "..")) return;
  throw new StageError(`${JSON.stringify(path)} cannot be the path of a file in an artifact`, {
    hint: "paths are relative, with / between folders, and have no part . or ..",
  });
}

/** Keeps what the hash does not cover from being trusted blindly: sizes and counts must be what their types say. */
function readEntries(value: Json | undefined): Tree["entries"] | undefined {
  if (!isJsonObject(value) || !isJsonObject(value.entries)) return undefined;
  const entries = Object.entries(value.entries);
  return entries.every(([, entry]) => isEntry(entry))
    ? (value.entries as unknown as Tree["entries"])
    : undefined;
}

function isEntry(value: Json | undefined): boolean {
  if (!isJsonObject(value) || !isSha256(value.blob) || !Number.isSafeInteger(value.bytes)) return false;
  return value.table === undefined || isTable(value.table);
}

function isTable(table: Json): boolean {
  if (!isJsonObject(table) || !Number.isSafeInteger(table.rows) || !isSha256(table.content)) return false;
  const { blobColumns = [], parts } = table;
  const named = Array.isArray(blobColumns) && blobColumns.every((column) => typeof column === "string");
  return named && (parts === undefined || areParts(parts));
}

function areParts(parts: Json): boolean {
  if (!isJsonObject(parts) || !isSha256(parts.schema) || !Array.isArray(parts.list)) return false;
  return parts.list.every(
    (part) =>
      Array.isArray(part) &&
      typeof part[0] === "string" &&
      Number.isSafeInteger(part[1]) &&
      isSha256(part[2]),
  );
}
