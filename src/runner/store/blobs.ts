import {
  appendFileSync,
  chmodSync,
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { BlobReader, listPacks } from "../../core/blobs.js";
import { StageError } from "../../core/errors.js";
import { fsyncPath, writeFileAtomic, writeWhole } from "../../core/files.js";
import { type Sha256, sha256, sha256File } from "../../core/hash.js";
import { packsFolder } from "../../core/layout.js";
import { stateOf } from "../../core/memo.js";
import { PackIndex, PackTable } from "../../core/pack-index.js";
import { scanPack } from "../../core/packs.js";
import { isCode, moveToDamaged, uniqueName } from "./paths.js";

export interface StoredBlob {
  readonly hash: Sha256;
  readonly bytes: number;
}

/** The blobs of a store, with what only the runner does: adding, and setting aside what is damaged. */
export class Blobs extends BlobReader {
  /** Packs whose index this process has looked at. */
  private readonly indexed = new Set<string>();
  /** Blobs that this process has hashed and put in their place, with the states of their files. */
  private readonly fresh = new Map<Sha256, string>();

  constructor(private readonly root: string) {
    super(root);
  }

  /** Whether this process has seen that the bytes of the blob's file are right, and nobody has touched it since. */
  isFresh(hash: Sha256): boolean {
    const state = this.fresh.get(hash);
    return state !== undefined && state === stateOf(this.path(hash));
  }

  /** Bytes of a blob that is a file of its own. @throws StageError of class `missing-blob` */
  size(hash: Sha256): number {
    const stats = statSync(this.path(hash), { throwIfNoEntry: false });
    if (stats) return stats.size;
    throw new StageError(`the store does not hold the blob ${hash.slice(0, 12)}`, {
      class: "missing-blob",
      blob: hash,
    });
  }

  /**
   * Takes a finished file into the store: hashed, on the disk, read-only, then renamed into its place. The file is
   * gone afterwards. One with other names (hard links), or on another file system, is copied first, since somebody
   * could still write to it.
   *
   * @throws StageError for anything but a regular file
   */
  async ingestFile(path: string): Promise<StoredBlob> {
    const stats = lstatSync(path);
    if (!stats.isFile()) {
      throw new StageError(`${path} is not a regular file`, {
        hint: "write a copy: links and devices cannot be kept in the store",
      });
    }
    const source = stats.nlink === 1 ? this.claim(path) : this.copy(path);
    const hash = await sha256File(source);
    fsyncPath(source);
    return this.place(source, hash);
  }

  /** Stores bytes as a file of their own. */
  putBytes(bytes: Uint8Array): StoredBlob {
    const hash = sha256(bytes);
    const path = this.temporary();
    const fd = openSync(path, "wx", 0o444);
    try {
      writeWhole(fd, bytes);
      fsyncSync(fd);
    } catch (error) {
      rmSync(path, { force: true });
      throw error;
    } finally {
      closeSync(fd);
    }
    return this.place(path, hash);
  }

  /**
   * Takes over a file that is known to hold the blob (a stage host wrote it under its hash). It is not fsynced: reads
   * check it, and there may be a million.
   */
  adoptFile(path: string, hash: Sha256): void {
    const target = this.path(hash);
    if (this.hasFile(hash) && statSync(target).size === statSync(path).size) {
      rmSync(path);
      return;
    }
    chmodSync(path, 0o444);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(path, target);
  }

  /**
   * Takes a finished pack into the store under a name. What its index does not list does not exist.
   *
   * @param indexPath a file that may hold its index; where it holds none that fits, the pack is scanned
   */
  adoptPack(path: string, name: string, indexPath?: string): void {
    const index = indexFor(path, indexPath);
    chmodSync(path, 0o444);
    fsyncPath(path);
    const folder = packsFolder(this.root);
    // The index first: one without its pack is nothing, a pack without its index costs each reader a scan.
    writeFileAtomic(join(folder, `${name}.idx`), index);
    renameSync(path, join(folder, `${name}.pack`));
    fsyncPath(folder);
  }

  /** Takes a blob that is damaged or doubtful out of use, wherever it stands, so that it is made again. */
  setAside(hash: Sha256): { readonly message: string } {
    this.fresh.delete(hash);
    const short = hash.slice(0, 12);
    const places: string[] = [];
    try {
      moveToDamaged(this.root, this.path(hash));
      places.push("moved to damaged/");
    } catch (error) {
      if (!isCode(error, "ENOENT")) throw error;
    }
    for (const name of this.packsWith(hash)) {
      const file = join(packsFolder(this.root), `${name}.gone`);
      appendFileSync(file, Buffer.from(hash, "hex"), { flush: true });
      places.push(`struck from pack ${name}`);
    }
    this.close();
    if (places.length === 0) return { message: `blob ${short} was missing; it is made again` };
    return { message: `blob ${short} was damaged: ${places.join(", ")}; it is made again` };
  }

  /** Writes anew the indexes of packs that lack a sound one: without, each process that reads would scan the pack. */
  mendIndexes(): readonly string[] {
    const folder = packsFolder(this.root);
    return listPacks(this.root).filter((name) => {
      if (this.indexed.has(name)) return false;
      this.indexed.add(name);
      const { size } = statSync(join(folder, `${name}.pack`));
      const path = join(folder, `${name}.idx`);
      if (PackIndex.read(path)?.packSize === size) return false;
      writeFileAtomic(path, scannedIndex(join(folder, `${name}.pack`), size));
      return true;
    });
  }

  private temporary(): string {
    const folder = join(this.root, "store", "tmp");
    mkdirSync(folder, { recursive: true });
    return join(folder, uniqueName());
  }

  /** Moves the file where no stage looks for it, so that it is nobody's to change. */
  private claim(path: string): string {
    const target = this.temporary();
    try {
      renameSync(path, target);
      return target;
    } catch (error) {
      if (!isCode(error, "EXDEV")) throw error;
      return this.copy(path);
    }
  }

  private copy(path: string): string {
    const target = this.temporary();
    copyFileSync(path, target, constants.COPYFILE_FICLONE);
    rmSync(path);
    return target;
  }

  private place(source: string, hash: Sha256): StoredBlob {
    const { size: bytes } = statSync(source);
    const target = this.path(hash);
    // Also over a file of that name: these bytes are known to be right, those may have been damaged.
    chmodSync(source, 0o444);
    mkdirSync(dirname(target), { recursive: true });
    renameSync(source, target);
    fsyncPath(dirname(target));
    const state = stateOf(target);
    if (state !== undefined) this.fresh.set(hash, state);
    return { hash, bytes };
  }
}

/** The bytes of a pack's index: those of a file, where they fit the pack. */
function indexFor(pack: string, indexPath: string | undefined): Buffer {
  const { size } = statSync(pack);
  const given = indexPath !== undefined && existsSync(indexPath) ? readFileSync(indexPath) : undefined;
  return given && PackIndex.decode(given)?.packSize === size ? given : scannedIndex(pack, size);
}

function scannedIndex(pack: string, size: number): Buffer {
  const table = new PackTable();
  for (const record of scanPack(pack)) table.add(record.hash, record);
  return table.encode(size);
}
