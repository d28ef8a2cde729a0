import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { StageError } from "../../core/errors.js";
import { type AcquireOptions, type Lock, Locks } from "./locks.js";

const GC = "gc";
const RUN = "run-";
const POLL = 300;

/**
 * Who uses the store: runs hold shared leases, gc an exclusive one. Each side first writes its own lease, then looks
 * for the other's: whatever the order, at least one of them sees the other.
 */
export class Leases {
  private readonly locks: Locks;

  constructor(root: string) {
    this.locks = new Locks(join(root, "leases"));
  }

  /** A run's lease; waits while gc is at work. */
  async shared(runId: string, options: AcquireOptions = {}): Promise<Lock> {
    for (;;) {
      const lease = await this.locks.acquire(`${RUN}${runId}`, options);
      if (!this.locks.isHeld(GC)) return lease;
      lease.release();
      const gc = await this.locks.acquire(GC, options);
      gc.release();
    }
  }

  /**
   * The lease of gc, which no run may share.
   *
   * @param wait until no run is left; otherwise runs make it fail at once
   * @throws StageError naming the runs that are in the way
   */
  async exclusive(options: AcquireOptions & { readonly wait?: boolean } = {}): Promise<Lock> {
    for (;;) {
      const lease = await this.locks.acquire(GC, options);
      const runs = (await this.locks.live(RUN)).map((name) => name.slice(RUN.length));
      if (runs.length === 0) return lease;
      lease.release();
      if (!options.wait) {
        throw new StageError(
          `the store is in use by ${runs.length === 1 ? "run" : "runs"} ${runs.join(", ")}`,
          {
            class: "store-in-use",
            hint: "try again when it has ended",
          },
        );
      }
      await sleep(POLL, undefined, options.signal ? { signal: options.signal } : {});
    }
  }

  /** The exclusive lease, if nobody uses the store at this moment. */
  tryExclusive(): Lock | undefined {
    const lease = this.locks.tryAcquire(GC);
    if (!lease || this.liveRuns().length === 0) return lease;
    lease.release();
    return undefined;
  }

  /** Ids of the runs whose process lives, or may live on another machine. */
  liveRuns(): string[] {
    return this.locks
      .held()
      .filter((name) => name.startsWith(RUN))
      .map((name) => name.slice(RUN.length));
  }

  /** Removes what killed processes left of theirs. */
  tidy(): void {
    this.locks.tidy();
  }

  isLive(runId: string): boolean {
    return this.locks.isHeld(`${RUN}${runId}`);
  }
}
