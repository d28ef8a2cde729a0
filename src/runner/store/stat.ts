import { statSync } from "node:fs";
import { join } from "node:path";
import { writeFileAtomic } from "../../core/files.js";
import { type Sha256, SYNC_HASH_BYTES, sha256File, sha256FileSync } from "../../core/hash.js";
import { describe, KEY_BYTES, keyOf, STATE_BYTES } from "../../core/stat-state.js";
import { makeRecord, type StatRecord, StatTable } from "../../core/stat-table.js";
import type { Notices } from "./notices.js";
import { namesIn, remove, uniqueName } from "./paths.js";

/**
 * A file changed this shortly before it was hashed is not remembered: a further change within the clock's grain
 * would leave size and times as they are (git calls such an entry racy).
 */
const RACY_MS = 2000;
/** At least so many new records are written at once; more as there are more, so that files stay few. */
const BATCH = 5000;

/**
 * sha256 of files by path, remembered as long as size, mtime, ctime (both in ns) and inode stay the same. Tables in
 * files that are never changed: each process adds its own and, when it closes, replaces those it has read by one. A
 * record is right whenever its state matches, so processes need not agree on anything.
 */
export class StatCache {
  private readonly folder: string;
  private tables: StatTable[] | undefined;
  private files: string[] = [];
  private known = 0;
  private readonly pending = new Map<string, StatRecord>();
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
    const key = keyOf(path);
    this.tables ??= this.load();
    for (const table of this.tables) {
      const hash = table.find(key, state);
      if (hash !== undefined) return hash.toString("hex");
    }
    const name = key.toString("latin1");
    const recent = this.pending.get(name);
    const after = KEY_BYTES + STATE_BYTES;
    if (recent?.compare(state, 0, STATE_BYTES, KEY_BYTES, after) === 0) return recent.toString("hex", after);
    const hashedAt = Date.now();
    const size = Number(stats.size);
    const hash = size <= SYNC_HASH_BYTES ? sha256FileSync(path, this.buffer, size) : await sha256File(path);
    const unchanged = describe(statSync(path, { bigint: true })).equals(state);
    if (unchanged && !this.readOnly && hashedAt - Number(stats.mtimeMs) >= RACY_MS) {
      this.pending.set(name, makeRecord(key, state, Buffer.from(hash, "hex")));
      if (this.pending.size >= Math.max(BATCH, this.known)) this.flush();
    }
    return hash;
  }

  /** The tables as they were read. */
  remembered(): readonly SharedArrayBuffer[] {
    this.tables ??= this.load();
    return this.tables.flatMap(({ shared }) => shared ?? []);
  }

  /** Writes what is new, and one file for those that were read. */
  close(): void {
    if (this.pending.size > 0) this.flush();
    const [first, ...rest] = this.tables ?? [];
    if (first && rest.length > 0 && !this.readOnly) {
      const files = [...this.files];
      if (this.write(rest.reduce(StatTable.merge, first)))
        for (const file of files) remove(join(this.folder, file));
    }
    this.tables = undefined;
  }

  private flush(): void {
    const table = StatTable.of([...this.pending.values()]);
    this.pending.clear();
    this.tables?.push(table);
    this.known += table.count;
    this.write(table);
  }

  /** @returns whether it could be written: a cache that cannot is no reason to fail */
  private write(table: StatTable): boolean {
    const last = Number.parseInt(this.files.at(-1) ?? "0", 10);
    const file = `${String(last + 1).padStart(9, "0")}-${uniqueName()}.stat`;
    try {
      writeFileAtomic(join(this.folder, file), table.bytes);
      this.files.push(file);
      return true;
    } catch {
      return false;
    }
  }

  private load(): StatTable[] {
    this.files = [];
    this.known = 0;
    const tables: StatTable[] = [];
    for (const path of statFiles(this.folder)) {
      const table = this.read(path);
      if (table === "gone") continue;
      if (table) {
        tables.push(table);
        this.files.push(path.slice(this.folder.length + 1));
        this.known += table.count;
        continue;
      }
      this.notices.add("a part of the stat cache was damaged: its files are hashed again");
      if (!this.readOnly) remove(path);
    }
    return tables;
  }

  private read(path: string): ReturnType<typeof StatTable.read> {
    try {
      return StatTable.read(path);
    } catch (error) {
      const { message } = error as Error;
      this.notices.add(`a part of the stat cache cannot be read (${message}): its files are hashed again`);
      return "gone";
    }
  }
}

/** The files of a stat cache, oldest first. */
export function statFiles(folder: string): string[] {
  return namesIn(folder)
    .filter((name) => /^\d{9}-[0-9a-f]+\.stat$/.test(name))
    .map((name) => join(folder, name));
}
