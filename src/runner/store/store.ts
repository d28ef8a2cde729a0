import { accessSync, constants, mkdirSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { StageError } from "../../core/errors.js";
import type { Sha256 } from "../../core/hash.js";
import { Blobs } from "./blobs.js";
import { Ducks } from "./ducks.js";
import { Items } from "./items.js";
import { Latest } from "./latest.js";
import { Leases } from "./leases.js";
import { Locks } from "./locks.js";
import { Memo } from "./memo.js";
import { Notices } from "./notices.js";
import { Paid } from "./paid.js";
import { isCode, safeName } from "./paths.js";
import { hasRoom } from "./reserve.js";
import { Results } from "./results.js";
import { Runs } from "./runs.js";
import { StatCache } from "./stat.js";
import { Trees } from "./trees.js";

export interface StoreOptions {
  /** Nothing is written, not even a cache. */
  readonly readOnly?: boolean;
}

/**
 * The local store (artifacts/). Opening it reads nothing: each part reads what it is asked for, and DuckDB is not
 * loaded before it is needed.
 */
export class Store {
  readonly notices = new Notices();
  readonly blobs: Blobs;
  readonly trees: Trees;
  readonly results: Results;
  readonly items: Items;
  readonly stat: StatCache;
  readonly memo: Memo;
  readonly locks: Locks;
  readonly leases: Leases;
  readonly latest: Latest;
  readonly runs: Runs;
  readonly paid: Paid;
  readonly ducks: Ducks;

  private constructor(
    readonly root: string,
    readonly readOnly: boolean,
  ) {
    this.blobs = new Blobs(root);
    this.trees = new Trees(root, readOnly, this.blobs, this.notices);
    this.results = new Results(root, readOnly, this.notices);
    this.locks = new Locks(join(root, "locks"));
    this.leases = new Leases(root);
    this.paid = new Paid(root, this.tasksDir(), this.leases);
    const { blobs, locks, leases, paid, notices } = this;
    this.items = new Items(root, this.tasksDir(), { blobs, locks, leases, paid, notices });
    this.stat = new StatCache(root, readOnly, this.notices);
    this.memo = new Memo(root);
    this.latest = new Latest(root, this.blobs);
    this.ducks = new Ducks(readOnly ? tmpdir() : this.tasksDir());
    this.runs = new Runs(root, readOnly, this.leases, this.notices);
  }

  /**
   * Opens a store, making its folder where there is none. A folder that cannot be written is opened read-only.
   *
   * @throws StageError where the path cannot be a store
   */
  static open(root: string, options: StoreOptions = {}): Store {
    const absolute = resolve(root);
    if (options.readOnly) return new Store(absolute, true);
    try {
      mkdirSync(absolute, { recursive: true });
      accessSync(absolute, constants.W_OK);
      return new Store(absolute, false);
    } catch (error) {
      if (statSync(absolute, { throwIfNoEntry: false })?.isDirectory()) return new Store(absolute, true);
      const hint = isCode(error, "EEXIST", "ENOTDIR")
        ? "a file stands in its place: name another folder with --store"
        : "name a folder you can write to with --store";
      throw new StageError(`the store ${absolute} cannot be opened: ${(error as Error).message}`, { hint });
    }
  }

  /** Where a stage of that fingerprint keeps what lets it go on after a crash. */
  snapshotsDir(fingerprint: Sha256): string {
    return join(this.root, "scratch", "snapshots", fingerprint);
  }

  /** What stages of a kind keep in common between runs. */
  sharedDir(kind: string): string {
    return join(this.root, "cache", "shared", safeName(kind));
  }

  /** A folder for work in progress. `<what>.<run id>.<part>` tells gc whose it is. */
  taskDir(name: string): string {
    return join(this.tasksDir(), safeName(name));
  }

  /** A folder for the work of one command, made here; one elsewhere where the store cannot be written, or is full. */
  workFolder(name: string): string {
    if (this.readOnly || !hasRoom(this.root)) {
      return mkdtempSync(join(tmpdir(), `pipestill-${safeName(name)}-`));
    }
    const folder = join(this.root, "scratch", safeName(name));
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /** @throws StageError where the store cannot be written; `what` begins the sentence */
  requireWritable(what: string): void {
    if (!this.readOnly) return;
    throw new StageError(`${what}, but the store ${this.root} cannot be written`, {
      class: "read-only-store",
      hint: "name a store of your own with --store, or run as the user who owns this one",
    });
  }

  /** Holds all task folders. */
  tasksDir(): string {
    return join(this.root, "scratch", "tasks");
  }

  async close(): Promise<void> {
    if (!this.readOnly) this.items.close();
    this.blobs.close();
    this.ducks.close();
    this.stat.close();
  }
}
