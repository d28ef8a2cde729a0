import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { goneBlobs } from "../../core/blobs.js";
import { type Sha256, sha256FileSync } from "../../core/hash.js";
import { isJsonObject } from "../../core/json.js";
import { isSha256, loosePath, packsFolder } from "../../core/layout.js";
import { moveToDamaged, namesIn, parseJson, remove, textOf } from "./paths.js";

/** A set of remembered outcomes: a Parquet file, and the blobs its rows name. */
export interface Segment {
  readonly name: string;
  /** Absolute path of the Parquet file. */
  readonly parquet: string;
  /** The pack of its small blobs has the segment's name; absent where it has none. */
  readonly pack?: string;
  /** Blobs that its rows name and the store holds no more: such rows are no outcomes. */
  readonly lost: readonly Sha256[];
}

/** What stands beside a segment's Parquet file, written before it. */
export interface SegmentManifest {
  /** Bytes of its pack; 0: none. */
  readonly packBytes: number;
  /** Orders segments of a space: of two outcomes for one input the later counts. */
  readonly sequence: number;
  /** Columns of the Parquet file that name blobs. */
  readonly blobColumns: readonly string[];
  /** Segments whose rows this one holds: they count no more. */
  readonly replaces: readonly string[];
  /** sha256 of its other files: DuckDB reads a Parquet file with a changed byte without a word. */
  readonly sums: { readonly parquet: Sha256; readonly loose: Sha256 | null };
}

/** Names and files of the segments of one space of the item cache: cache/items/<space>/. */
export class SegmentFolder {
  readonly folder: string;

  constructor(
    private readonly root: string,
    readonly space: Sha256,
  ) {
    if (!isSha256(space)) throw new TypeError(`not the name of a space: ${JSON.stringify(space)}`);
    this.folder = join(itemsFolder(root), space);
  }

  create(): void {
    mkdirSync(this.folder, { recursive: true });
  }

  parquet(name: string): string {
    return join(this.folder, `${name}.parquet`);
  }

  manifestPath(name: string): string {
    return join(this.folder, `${name}.json`);
  }

  /** Lines of `hash bytes`: the blobs its rows name that are files of their own. */
  loosePath(name: string): string {
    return join(this.folder, `${name}.loose`);
  }

  /** Names of all segments that were committed, whether or not they still count. */
  names(): string[] {
    return namesIn(this.folder)
      .filter((file) => file.endsWith(".parquet") && !file.startsWith("."))
      .map((file) => file.slice(0, -".parquet".length));
  }

  manifest(name: string): SegmentManifest | undefined {
    const value = parseJson(textOf(this.manifestPath(name)) ?? "");
    if (!isJsonObject(value) || typeof value.packBytes !== "number") return undefined;
    if (typeof value.sequence !== "number" || !Array.isArray(value.replaces)) return undefined;
    if (!isJsonObject(value.sums)) return undefined;
    return Array.isArray(value.blobColumns) ? (value as unknown as SegmentManifest) : undefined;
  }

  /** What keeps a segment from being used; undefined for a sound one. Reads all of it but its pack. */
  fault(name: string): string | undefined {
    const manifest = this.manifest(name);
    if (!manifest) return "was damaged";
    if (!this.hasPack(name, manifest.packBytes)) return "has lost its pack";
    const { parquet, loose } = manifest.sums;
    const sound = sumOf(this.parquet(name)) === parquet && sumOf(this.loosePath(name)) === loose;
    return sound ? undefined : "was damaged";
  }

  /** Takes a segment out of use; its pack stays, since artifacts may name its blobs. */
  setAside(name: string): void {
    moveToDamaged(this.root, this.parquet(name));
    this.drop(name);
  }

  /** Larger than that of every segment so far. */
  nextSequence(): number {
    return this.names().reduce((top, name) => Math.max(top, this.manifest(name)?.sequence ?? 0), 0) + 1;
  }

  /** Removes a segment; its pack stays. */
  drop(name: string): void {
    for (const path of [this.parquet(name), this.manifestPath(name), this.loosePath(name)]) remove(path);
  }

  /** Names of segments that others have replaced. */
  replaced(): Set<string> {
    return new Set(this.names().flatMap((name) => this.manifest(name)?.replaces ?? []));
  }

  /** The segments that count, oldest first: not replaced, with their pack as long as it was. */
  live(): Segment[] {
    const replaced = this.replaced();
    const found: { segment: Segment; sequence: number }[] = [];
    for (const name of this.names()) {
      const manifest = this.manifest(name);
      if (!manifest || replaced.has(name) || !this.hasPack(name, manifest.packBytes)) continue;
      found.push({ segment: this.describe(name, manifest), sequence: manifest.sequence });
    }
    found.sort((a, b) => a.sequence - b.sequence || (a.segment.name < b.segment.name ? -1 : 1));
    return found.map(({ segment }) => segment);
  }

  /** Files of their own that the segment's rows name, with their sizes. */
  *loose(name: string): Generator<{ readonly hash: Sha256; readonly bytes: number }> {
    for (const line of (textOf(this.loosePath(name)) ?? "").split("\n")) {
      const [hash, bytes] = line.split(" ");
      if (isSha256(hash)) yield { hash, bytes: Number(bytes) };
    }
  }

  private hasPack(name: string, bytes: number): boolean {
    if (bytes === 0) return true;
    const pack = join(packsFolder(this.root), `${name}.pack`);
    return statSync(pack, { throwIfNoEntry: false })?.size === bytes;
  }

  private describe(name: string, { packBytes }: SegmentManifest): Segment {
    const lost = packBytes === 0 ? [] : [...goneBlobs(packsFolder(this.root), name)];
    for (const { hash, bytes } of this.loose(name)) {
      const stats = statSync(loosePath(this.root, hash), { throwIfNoEntry: false });
      if (stats?.size !== bytes) lost.push(hash);
    }
    return { name, parquet: this.parquet(name), ...(packBytes === 0 ? {} : { pack: name }), lost };
  }
}

/** sha256 of a file; null where there is none. */
export function sumOf(path: string): Sha256 | null {
  return statSync(path, { throwIfNoEntry: false }) ? sha256FileSync(path) : null;
}

/** Removes a pack: the bytes first, so that nothing points at what is not there. */
export function dropPack(root: string, name: string): void {
  for (const suffix of ["pack", "idx", "gone"]) remove(join(packsFolder(root), `${name}.${suffix}`));
}

function itemsFolder(root: string): string {
  return join(root, "cache", "items");
}

/** The spaces of the item cache that have any segments. */
export function listSpaces(root: string): Sha256[] {
  return namesIn(itemsFolder(root)).filter(isSha256);
}
