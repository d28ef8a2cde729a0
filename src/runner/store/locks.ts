import { closeSync, linkSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { isJsonObject } from "../../core/json.js";
import { isCode, namesIn, parseJson, remove, safeName, uniqueName } from "./paths.js";
import { type Liveness, liveness, ownIdentity, type ProcessIdentity, readIdentity } from "./process.js";

/** An owner on another machine counts as gone when its heartbeat has not moved for this long, milliseconds. */
const SILENCE = 30_000;
const HEARTBEAT = 5_000;
const FIRST_POLL = 10;
const LAST_POLL = 400;

export interface AcquireOptions {
  readonly signal?: AbortSignal;
  /** Told once per owner that has to be waited for: "process 4711 on host pear". */
  readonly onWait?: (owner: string) => void;
}

/** A lock as it stands in its file. */
interface Holder {
  readonly identity: ProcessIdentity;
  /** Names this holding of the lock, whoever holds it again later. */
  readonly token: string;
  readonly beat: string;
}

/** A lock and who holds it. */
export interface LockEntry {
  readonly name: string;
  readonly owner: ProcessIdentity;
  readonly state: Liveness;
}

/** A lock that is held. Its heartbeat goes on until it is released or the process ends. */
export class Lock {
  private beats = 0;
  private released = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly path: string,
    private readonly token: string,
    private readonly fd: number,
  ) {
    this.timer = setInterval(() => this.beat(), HEARTBEAT);
    this.timer.unref();
  }

  release(): void {
    if (this.released) return;
    this.released = true;
    clearInterval(this.timer);
    closeSync(this.fd);
    if (readHolder(this.path)?.token === this.token) rmSync(this.path, { force: true });
  }

  /** Writes through the open file, never by name: a lock that was lost meanwhile is not disturbed. */
  private beat(): void {
    this.beats += 1;
    try {
      writeSync(this.fd, describe(this.token, this.beats), 0);
    } catch {
      // A full disk stops the heartbeat: at worst another machine takes the lock over and does the work twice.
    }
  }
}

/**
 * Locks between processes, each a file that is made in one step (a hard link), holding who made it. On the same
 * machine a dead owner's lock is taken over at once; from another machine, when its heartbeat has stood still for 30 s
 * of the observer's own monotonic clock. File times play no part.
 */
export class Locks {
  constructor(private readonly folder: string) {}

  /** Waits until the lock is free and takes it. @throws the signal's reason when that aborts first */
  async acquire(name: string, options: AcquireOptions = {}): Promise<Lock> {
    const watch = new Watch();
    let told: string | undefined;
    for (let delay = FIRST_POLL; ; delay = Math.min(delay * 1.5, LAST_POLL)) {
      options.signal?.throwIfAborted();
      const lock = this.attempt(name, watch);
      if (lock instanceof Lock) return lock;
      if (lock && lock.token !== told) {
        told = lock.token;
        options.onWait?.(describeOwner(lock.identity));
      }
      await sleep(delay, undefined, options.signal ? { signal: options.signal } : {}).catch((error) => {
        throw options.signal?.aborted ? options.signal.reason : error;
      });
    }
  }

  /** The lock, if it is free or its owner is dead. */
  tryAcquire(name: string): Lock | undefined {
    const lock = this.attempt(name, new Watch());
    return lock instanceof Lock ? lock : undefined;
  }

  /** Names of the locks whose owners live, or may live elsewhere. */
  held(): string[] {
    return this.names().filter((name) => this.isHeld(name));
  }

  /**
   * Names of the locks whose owners are known to live. Owners on other machines are watched until their heartbeat
   * moves or has stood still for too long; locks of dead owners are removed.
   */
  async live(prefix: string): Promise<string[]> {
    const live: string[] = [];
    for (const name of this.names().filter((n) => n.startsWith(prefix))) {
      const watch = new Watch();
      const first = readHolder(this.path(name));
      for (let holder = first; holder; holder = readHolder(this.path(name))) {
        if (watch.isGone(holder)) this.clear(name, holder.token);
        else if (liveness(holder.identity) === "alive" || holder.beat !== first?.beat) {
          live.push(name);
          break;
        } else await sleep(LAST_POLL);
      }
    }
    return live;
  }

  /** Whether a live process of this machine, or one elsewhere, holds the lock. */
  isHeld(name: string): boolean {
    const holder = readHolder(this.path(name));
    return holder !== undefined && liveness(holder.identity) !== "dead";
  }

  /** All locks with their owners, dead ones too. */
  list(): LockEntry[] {
    return this.names().flatMap((name) => {
      const holder = readHolder(this.path(name));
      return holder ? { name, owner: holder.identity, state: liveness(holder.identity) } : [];
    });
  }

  /** Removes what killed processes left: the locks of dead owners, and drafts of locks. */
  tidy(): void {
    for (const name of this.names()) {
      const holder = readHolder(this.path(name));
      if (holder && liveness(holder.identity) === "dead") this.clear(name, holder.token);
    }
    // One that somebody is about to link is made again.
    for (const file of namesIn(this.folder)) if (!file.endsWith(".lock")) remove(join(this.folder, file));
  }

  private names(): string[] {
    return namesIn(this.folder)
      .filter((name) => name.endsWith(".lock"))
      .map((file) => file.slice(0, -".lock".length));
  }

  private path(name: string): string {
    return join(this.folder, `${safeName(name)}.lock`);
  }

  /** One try: the lock, or who holds it; undefined where it has just become free. */
  private attempt(name: string, watch: Watch): Lock | Holder | undefined {
    const lock = this.make(this.path(name));
    if (lock) return lock;
    const holder = readHolder(this.path(name));
    if (!holder) return undefined;
    if (watch.isGone(holder)) {
      this.clear(name, holder.token);
      return this.make(this.path(name)) ?? readHolder(this.path(name));
    }
    return holder;
  }

  private make(path: string): Lock | undefined {
    mkdirSync(this.folder, { recursive: true });
    const token = uniqueName();
    const draft = `${path}.${token}`;
    const fd = openSync(draft, "wx+");
    try {
      writeSync(fd, describe(token, 0), 0);
      linkSync(draft, path);
      return new Lock(path, token, fd);
    } catch (error) {
      closeSync(fd);
      // ENOENT: gc has tidied the draft away.
      if (isCode(error, "EEXIST", "ENOENT")) return undefined;
      throw error;
    } finally {
      rmSync(draft, { force: true });
    }
  }

  /**
   * Removes a dead owner's lock. Two takers must not both do so, for the second would remove the first's new lock. So
   * removing one holding of a lock needs a lock of its own, named by that holding's token, which never comes again;
   * should its owner die in turn, the same rule applies to it.
   */
  private clear(name: string, token: string): void {
    const right = this.tryAcquire(`${safeName(name)}~${token}`);
    if (!right) return;
    try {
      if (readHolder(this.path(name))?.token === token) remove(this.path(name));
    } finally {
      right.release();
    }
  }
}

/** Decides whether an owner is gone: at once on this machine, by watching its heartbeat elsewhere. */
class Watch {
  private seen: { readonly mark: string; readonly since: number } | undefined;

  isGone(holder: Holder): boolean {
    const state = liveness(holder.identity);
    if (state !== "elsewhere") return state === "dead";
    const mark = `${holder.token} ${holder.beat}`;
    if (this.seen?.mark !== mark) this.seen = { mark, since: performance.now() };
    return performance.now() - this.seen.since > SILENCE;
  }
}

/** The bytes of a lock's file: of one length for all beats, so that a beat overwrites in place. */
function describe(token: string, beats: number): string {
  return JSON.stringify({ ...ownIdentity(), token, beat: String(beats).padStart(12, "0") });
}

function describeOwner({ pid, host }: ProcessIdentity): string {
  return `process ${pid} on ${host}`;
}

function readHolder(path: string): Holder | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const value = parseJson(text);
  const identity = readIdentity(value);
  if (identity && isJsonObject(value) && typeof value.token === "string") {
    return { identity, token: value.token, beat: String(value.beat) };
  }
  // A power cut can leave an empty file: nobody holds it, but its takeover needs a name.
  return { identity: { ...ownIdentity(), pid: 0, processStart: "none" }, token: "broken", beat: "" };
}
