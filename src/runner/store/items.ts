import { appendFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import type { Column } from "../../contract/kind.js";
import type { Duck } from "../../core/duck.js";
import type { Sha256 } from "../../core/hash.js";
import { packsFolder } from "../../core/layout.js";
import type { Blobs } from "./blobs.js";
import type { Leases } from "./leases.js";
import type { Locks } from "./locks.js";
import type { Notices } from "./notices.js";
import type { Paid } from "./paid.js";
import type { SegmentCounts } from "./segment-writer.js";
import { dropPack, listSpaces, type Segment, SegmentFolder } from "./segments.js";
import { runOfTask, taskFolders } from "./task-folders.js";

/**
 * The item cache: what became of each input, for ever. An input's outcome is known within a *space*, which stands for
 * all else it depends on (kind, version, per-item params, implementation). A space is a set of Parquet segments that
 * DuckDB joins, so a million items cost one join and no work per row here.
 */
export class Items {
  private compacted = new Set<Sha256>();
  /** Segments that this process has read and found sound: they never change. */
  private readonly sound = new Set<string>();

  constructor(
    private readonly root: string,
    private readonly tasks: string,
    private readonly parts: {
      readonly blobs: Blobs;
      readonly locks: Locks;
      readonly leases: Leases;
      readonly paid: Paid;
      readonly notices: Notices;
    },
  ) {}

  /**
   * The segments of a space, oldest first: of two outcomes for one input the later counts. Columns: input, ok, class,
   * detail, transient (false) and the kind's own. Rows that name a blob listed as lost are no outcomes. Damaged
   * segments are set aside and said. The caller holds a lease: without one, a segment may be on its way out.
   */
  segments(space: Sha256): readonly Segment[] {
    const folder = new SegmentFolder(this.root, space);
    const replaced = folder.replaced();
    for (const name of folder.names()) {
      if (this.sound.has(name) || replaced.has(name)) continue;
      const fault = folder.fault(name);
      if (fault === undefined) this.sound.add(name);
      else {
        folder.setAside(name);
        this.parts.notices.add(`segment ${name} of the item cache ${fault}: its items are made anew`);
      }
    }
    return folder.live();
  }

  /** Makes outcomes of a space that name a blob count no more, wherever the blob was lost. */
  strike(space: Sha256, blob: Sha256): void {
    for (const { pack } of new SegmentFolder(this.root, space).live()) {
      if (pack === undefined) continue;
      const gone = join(packsFolder(this.root), `${pack}.gone`);
      appendFileSync(gone, Buffer.from(blob, "hex"), { flush: true });
    }
  }

  /**
   * Takes over what the hosts of task folders have finished, however they ended, and removes the folders. A folder
   * counts from the moment its segment is renamed into place; cut short before, it is taken over by a later harvest.
   */
  async commit(
    space: Sha256,
    columns: readonly Column[],
    folders: readonly string[],
    duck: Duck,
  ): Promise<SegmentCounts> {
    const sum = await this.takeOver(space, columns, folders, duck);
    await this.compact(new SegmentFolder(this.root, space), columns, duck);
    return sum;
  }

  /** Takes over what runs that have died left in their task folders. */
  async harvest(space: Sha256, columns: readonly Column[], duck: Duck): Promise<SegmentCounts> {
    if (taskFolders(this.tasks, space).length === 0) return { ok: 0, failed: 0 };
    const lock = await this.parts.locks.acquire(lockName(space));
    try {
      const abandoned = taskFolders(this.tasks, space).filter((task) => {
        const run = runOfTask(task);
        return run === undefined || !this.parts.leases.isLive(run);
      });
      return await this.takeOver(space, columns, abandoned, duck);
    } finally {
      lock.release();
    }
  }

  /** Whether a run, dead or alive, has left outcomes of a space in a task folder. */
  hasUnfinished(space: Sha256): boolean {
    return taskFolders(this.tasks, space).length > 0;
  }

  /** Spaces that have any segments, sorted. */
  spaces(): Sha256[] {
    return listSpaces(this.root);
  }

  folder(space: Sha256): SegmentFolder {
    return new SegmentFolder(this.root, space);
  }

  /** Removes segments that this process has merged into others, if nobody can be reading them. */
  close(): void {
    if (this.compacted.size === 0) return;
    const lease = this.parts.leases.tryExclusive();
    if (!lease) return;
    try {
      for (const space of this.compacted) {
        const segments = new SegmentFolder(this.root, space);
        for (const name of segments.replaced()) {
          segments.drop(name);
          dropPack(this.root, name);
        }
      }
      this.compacted.clear();
    } finally {
      lease.release();
    }
  }

  private async takeOver(
    space: Sha256,
    columns: readonly Column[],
    folders: readonly string[],
    duck: Duck,
  ): Promise<SegmentCounts> {
    // Loaded when needed: it brings DuckDB along, and a run that has nothing to do must not wait for that.
    const { harvestFolder } = await import("./harvest.js");
    const segments = new SegmentFolder(this.root, space);
    const sum = { ok: 0, failed: 0 };
    for (const folder of folders) {
      if (!existsSync(folder)) continue;
      // Before the folder goes: what was paid for is kept whatever becomes of the rest.
      this.parts.paid.takeFrom(folder);
      const counts = await harvestFolder(duck, this.root, this.parts.blobs, segments, columns, folder);
      sum.ok += counts.ok;
      sum.failed += counts.failed;
    }
    return sum;
  }

  private async compact(segments: SegmentFolder, columns: readonly Column[], duck: Duck): Promise<void> {
    const lock = this.parts.locks.tryAcquire(lockName(segments.space));
    if (!lock) return;
    try {
      const { compactSpace } = await import("./compact.js");
      const done = await compactSpace(duck, this.root, this.parts.blobs, segments, columns);
      if (done) this.compacted.add(segments.space);
    } finally {
      lock.release();
    }
  }
}

function lockName(space: Sha256): string {
  return `items-${space}`;
}
