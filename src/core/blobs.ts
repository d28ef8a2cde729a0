import { closeSync, fstatSync, openSync, readdirSync, readFileSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { StageError } from "./errors.js";
import { type Sha256, sha256, sha256FileSync } from "./hash.js";
import { loosePath, packsFolder } from "./layout.js";
import { PackIndex, type PackPlace, PackTable } from "./pack-index.js";
import { readPlace, scanPack } from "./packs.js";

/**
 * Reads blobs by name, from files of their own and from packs, without a database: runner and stage hosts alike.
 * What it hands out always matches its name.
 */
export class BlobReader {
  private packs: Map<string, OpenPack> | undefined;

  constructor(protected readonly storeRoot: string) {}

  /** Where the blob stands when it is a file of its own, whether or not it exists. */
  path(hash: Sha256): string {
    return loosePath(this.storeRoot, hash);
  }

  /** Whether the blob is a file of its own. */
  hasFile(hash: Sha256): boolean {
    return isFile(this.path(hash));
  }

  /** Whether the store holds the blob; its bytes are not looked at. */
  has(hash: Sha256): boolean {
    return this.hasFile(hash) || this.find(hash) !== undefined;
  }

  /**
   * Bytes of a blob, checked against its name.
   *
   * @throws StageError of class `missing-blob` or `damaged-blob`, with the blob's name.
   */
  async read(hash: Sha256): Promise<Buffer> {
    // The packs first: a look into their indexes costs next to nothing, a file that is not there a trip to the disk.
    const bytes = this.readKnown(hash) ?? (await this.readLoose(hash)) ?? this.readPacked(hash);
    if (bytes === undefined) {
      throw new StageError(`the store does not hold the blob ${hash.slice(0, 12)}`, {
        class: "missing-blob",
        blob: hash,
        hint: "run the pipeline again: what is missing is made anew",
      });
    }
    if (sha256(bytes) !== hash) {
      throw new StageError(`the blob ${hash.slice(0, 12)} is damaged: its bytes do not match its name`, {
        class: "damaged-blob",
        blob: hash,
        hint: "run `pipe verify --fix`, then the pipeline: what is damaged is made anew",
      });
    }
    return bytes;
  }

  /** Closes the packs: which there are is looked up again when next needed. */
  close(): void {
    for (const pack of this.packs?.values() ?? []) pack.close();
    this.packs = undefined;
  }

  /** Names of the packs that hold the blob. */
  protected packsWith(hash: Sha256): string[] {
    const key = Buffer.from(hash, "hex");
    return [...this.openPacks()].filter(([, pack]) => pack.find(key)).map(([name]) => name);
  }

  private async readLoose(hash: Sha256): Promise<Buffer | undefined> {
    try {
      return await readFile(this.path(hash));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** From the packs that are open already. */
  private readKnown(hash: Sha256): Buffer | undefined {
    const found = findIn(this.openPacks(), Buffer.from(hash, "hex"));
    return found?.pack.read(found.place);
  }

  private readPacked(hash: Sha256): Buffer | undefined {
    const found = this.find(hash);
    return found?.pack.read(found.place);
  }

  private find(hash: Sha256): { pack: OpenPack; place: PackPlace } | undefined {
    const key = Buffer.from(hash, "hex");
    const known = this.packs !== undefined;
    const found = findIn(this.openPacks(), key);
    if (found || !known) return found;
    // Packs may have been added or rewritten since they were listed.
    this.addNewPacks();
    return findIn(this.openPacks(), key);
  }

  private openPacks(): Map<string, OpenPack> {
    if (!this.packs) {
      this.packs = new Map();
      this.addNewPacks();
    }
    return this.packs;
  }

  private addNewPacks(): void {
    const packs = this.packs ?? new Map<string, OpenPack>();
    for (const name of listPacks(this.storeRoot)) {
      if (packs.has(name)) continue;
      const pack = OpenPack.open(packsFolder(this.storeRoot), name);
      if (pack) packs.set(name, pack);
    }
    this.packs = packs;
  }
}

function findIn(
  packs: ReadonlyMap<string, OpenPack>,
  key: Buffer,
): { pack: OpenPack; place: PackPlace } | undefined {
  for (const pack of packs.values()) {
    const place = pack.find(key);
    if (place) return { pack, place };
  }
  return undefined;
}

/**
 * Checks a blob that is a file of its own against its name.
 *
 * @throws StageError of class `missing-blob` or `damaged-blob`, with the blob's name
 */
export function checkFile(path: string, hash: Sha256, what: string): void {
  if (!isFile(path)) {
    throw new StageError(`the store has lost ${what}`, { class: "missing-blob", blob: hash });
  }
  if (isIntact(path, hash)) return;
  throw new StageError(`${what} is damaged: its bytes do not match its name`, {
    class: "damaged-blob",
    blob: hash,
    hint: "run `pipe verify --fix`, then the pipeline: what is damaged is made anew",
  });
}

/** Whether a file is there and its bytes match its name. */
export function isIntact(path: string, hash: Sha256): boolean {
  return isFile(path) && sha256FileSync(path) === hash;
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** Names of the packs of a store, sorted. */
export function listPacks(storeRoot: string): string[] {
  try {
    return readdirSync(packsFolder(storeRoot))
      .filter((file) => file.endsWith(".pack"))
      .map((file) => file.slice(0, -".pack".length))
      .sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** The pack's index from its file; where that is missing, broken or of another size, from the pack itself. */
export function packIndex(folder: string, name: string, packSize: number): PackIndex {
  const stored = PackIndex.read(join(folder, `${name}.idx`));
  if (stored?.packSize === packSize) return stored;
  const table = new PackTable();
  for (const record of scanPack(join(folder, `${name}.pack`))) table.add(record.hash, record);
  const rebuilt = PackIndex.decode(table.encode(packSize));
  if (!rebuilt) throw new Error("an index that was just made is broken");
  return rebuilt;
}

/** The blobs of a pack that were found damaged: 32 bytes each in `<name>.gone`, as hexadecimal. */
export function goneBlobs(folder: string, name: string): Set<Sha256> {
  const gone = new Set<Sha256>();
  try {
    const bytes = readFileSync(join(folder, `${name}.gone`));
    for (let at = 0; at + 32 <= bytes.length; at += 32) gone.add(bytes.toString("hex", at, at + 32));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  return gone;
}

class OpenPack {
  private constructor(
    private readonly fd: number,
    private readonly index: PackIndex,
    private readonly gone: ReadonlySet<Sha256>,
  ) {}

  /** @returns undefined where another process has removed the pack meanwhile. */
  static open(folder: string, name: string): OpenPack | undefined {
    let fd: number;
    try {
      fd = openSync(join(folder, `${name}.pack`), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
    return new OpenPack(fd, packIndex(folder, name, fstatSync(fd).size), goneBlobs(folder, name));
  }

  find(key: Buffer): PackPlace | undefined {
    const place = this.index.find(key);
    if (place && this.gone.size > 0 && this.gone.has(key.toString("hex"))) return undefined;
    return place;
  }

  read(place: PackPlace): Buffer {
    return readPlace(this.fd, place);
  }

  close(): void {
    closeSync(this.fd);
  }
}
