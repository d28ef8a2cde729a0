import { type BigIntStats, existsSync, mkdirSync, renameSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RootDatabase } from "lmdb";
import { type Sha256, sha256, sha256File, sha256FileSync } from "../../core/hash.js";
import type { Notices } from "./notices.js";
import { remove, uniqueName } from "./paths.js";
import { isSoundLmdb } from "./stat-file.js";

/** LMDB's keys may be up to 1,978 bytes long; longer paths are keyed by their hash. */
const LONGEST_KEY = 1900;
/**
 * A file changed this shortly before it was hashed is not remembered: a further change within the clock's grain
 * would leave size and times as they are (git calls such an entry racy).
 */
const RACY_MS = 2000;
const BATCH = 5000;
const SYNC_HASH_BYTES = 4 << 20;
/** size, mtime, ctime, inode: 8 bytes each; then the hash. */
const ENTRY = 4 * 8 + 32;

/**
 * sha256 of files by path, remembered as long as size, mtime, ctime (both in ns) and inode stay the same. In LMDB,
 * opened on first use; it is only a cache, so one that is broken or cannot be opened is set aside, not mended.
 */
export class StatCache {
  private readonly folder: string;
  private opened: RootDatabase<Buffer, string> | "none" | undefined;
  private readonly pending = new Map<string, Buffer>();
  private readonly buffer = Buffer.allocUnsafe(1 << 20);

  constructor(
    root: string,
    private readonly readOnly: boolean,
    private readonly notices: Notices,
  ) {
    this.folder = join(root, "cache", "stat");
  }

  /** sha256 of a file's bytes. @throws the file system's error */
  async hashFile(path: string): Promise<Sha256> {
    const stats = statSync(path, { bigint: true });
    const state = describe(stats);
    const key = Buffer.byteLength(path) > LONGEST_KEY ? `#${sha256(path)}` : path;
    const database = this.opened ?? (await this.open());
    const known = this.pending.get(key) ?? (database === "none" ? undefined : database.getBinaryFast(key));
    if (known?.length === ENTRY && known.compare(state, 0, state.length, 0, state.length) === 0) {
      return known.toString("hex", state.length);
    }
    return this.remember(path, key, state, stats);
  }

  /** Writes what is waiting to be remembered. */
  flush(): void {
    const database = this.opened;
    if (this.pending.size === 0 || database === undefined || database === "none") return;
    const entries = [...this.pending];
    this.pending.clear();
    database.transactionSync(() => {
      for (const [key, entry] of entries) database.putSync(key, entry);
    });
  }

  async close(): Promise<void> {
    this.flush();
    const database = this.opened;
    this.opened = undefined;
    if (database === undefined || database === "none") return;
    await database.close();
  }

  private async remember(path: string, key: string, state: Buffer, stats: BigIntStats): Promise<Sha256> {
    const hashedAt = Date.now();
    const hash = stats.size <= SYNC_HASH_BYTES ? sha256FileSync(path, this.buffer) : await sha256File(path);
    const unchanged = describe(statSync(path, { bigint: true })).equals(state);
    if (unchanged && !this.readOnly && hashedAt - Number(stats.mtimeMs) >= RACY_MS) {
      this.pending.set(key, Buffer.concat([state, Buffer.from(hash, "hex")]));
      if (this.pending.size >= BATCH) this.flush();
    }
    return hash;
  }

  private async open(): Promise<RootDatabase<Buffer, string> | "none"> {
    this.opened = await this.openOrReplace();
    return this.opened;
  }

  private async openOrReplace(): Promise<RootDatabase<Buffer, string> | "none"> {
    if (this.readOnly && !existsSync(join(this.folder, "data.mdb"))) return "none";
    const { open } = await import("lmdb");
    const tryOpen = () => {
      if (!isSoundLmdb(join(this.folder, "data.mdb"))) throw new Error("its file is damaged");
      if (!this.readOnly) mkdirSync(this.folder, { recursive: true });
      return open<Buffer, string>({
        path: this.folder,
        encoding: "binary",
        readOnly: this.readOnly,
        // One process at a time grows it; a map that large costs address space only.
        mapSize: 8 << 30,
        maxReaders: 126,
      });
    };
    try {
      return tryOpen();
    } catch (error) {
      if (this.readOnly) return "none";
      const reason = error instanceof Error ? error.message : String(error);
      this.notices.add(`the stat cache could not be used (${reason}) and is built anew`);
    }
    try {
      const aside = `${this.folder}.${uniqueName()}`;
      if (existsSync(this.folder)) renameSync(this.folder, aside);
      remove(aside);
      return tryOpen();
    } catch {
      return "none";
    }
  }
}

function describe(stats: BigIntStats): Buffer {
  const state = Buffer.allocUnsafe(ENTRY - 32);
  state.writeBigUInt64LE(BigInt.asUintN(64, stats.size), 0);
  state.writeBigInt64LE(stats.mtimeNs, 8);
  state.writeBigInt64LE(stats.ctimeNs, 16);
  state.writeBigUInt64LE(BigInt.asUintN(64, stats.ino), 24);
  return state;
}
