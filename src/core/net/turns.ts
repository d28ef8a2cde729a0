/** How many requests may be under way at once, and how fast they may follow each other at one host. */
export interface TurnLimits {
  readonly concurrency: number;
  readonly perHost: number;
  /** Requests a second to one host; 0: as many as may be. */
  readonly perHostRate: number;
}

interface Host {
  readonly waiting: Waiter[];
  active: number;
  /** `performance.now()` before which nothing more starts. */
  notBefore: number;
  gapMs: number;
  /** Stands among those that can start. */
  ready: boolean;
  timer: NodeJS.Timeout | undefined;
}

interface Waiter {
  readonly start: () => void;
  readonly stop: (reason: unknown) => void;
}

/** Hosts remembered for their pace; past this many, idle ones are forgotten. */
const MOST_HOSTS = 10_000;

/**
 * Gives each request its turn. Hosts that can start one take turns, so that a slow host, or a list sorted by host, holds
 * nobody up; what waits for its host takes no place among those under way.
 */
export class Turns {
  private readonly hosts = new Map<string, Host>();
  private readonly ready: Host[] = [];
  private active = 0;

  constructor(
    private readonly limits: TurnLimits,
    private readonly signal: AbortSignal,
  ) {
    signal.addEventListener("abort", () => this.stop(signal.reason), { once: true });
  }

  /** Does work when it is the host's turn. @throws what the work throws, or the signal's reason while it waits */
  async take<T>(name: string, work: () => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const host = this.host(name);
    await new Promise<void>((start, stop) => {
      host.waiting.push({ start, stop });
      this.offer(host);
      this.startReady();
    });
    try {
      return await work();
    } finally {
      host.active -= 1;
      this.active -= 1;
      this.offer(host);
      this.startReady();
    }
  }

  /** Starts nothing more at a host for a while. */
  pause(name: string, milliseconds: number): void {
    const host = this.host(name);
    host.notBefore = Math.max(host.notBefore, performance.now() + milliseconds);
  }

  /** Lets requests to a host follow each other no faster than this (its crawl-delay). */
  slow(name: string, gapMs: number): void {
    const host = this.host(name);
    host.gapMs = Math.max(host.gapMs, gapMs);
    host.notBefore = Math.max(host.notBefore, performance.now() + gapMs);
  }

  private host(name: string): Host {
    const known = this.hosts.get(name);
    if (known) return known;
    if (this.hosts.size >= MOST_HOSTS) this.forgetIdle();
    const { perHostRate } = this.limits;
    const gapMs = perHostRate > 0 ? 1000 / perHostRate : 0;
    const fresh: Host = { waiting: [], active: 0, notBefore: 0, gapMs, ready: false, timer: undefined };
    this.hosts.set(name, fresh);
    return fresh;
  }

  private forgetIdle(): void {
    const now = performance.now();
    for (const [name, host] of this.hosts) {
      if (host.active === 0 && host.waiting.length === 0 && host.notBefore < now) this.hosts.delete(name);
    }
  }

  /** Puts a host among those that can start a request, now or when its pause is over. */
  private offer(host: Host): void {
    if (host.ready || host.timer || host.waiting.length === 0 || host.active >= this.limits.perHost) return;
    const wait = host.notBefore - performance.now();
    if (wait <= 0) {
      host.ready = true;
      this.ready.push(host);
      return;
    }
    host.timer = setTimeout(() => {
      host.timer = undefined;
      this.offer(host);
      this.startReady();
    }, Math.ceil(wait));
  }

  private startReady(): void {
    while (this.active < this.limits.concurrency) {
      const host = this.ready.shift();
      if (!host) return;
      host.ready = false;
      // It may have been paused since it became ready.
      const waiter = host.notBefore <= performance.now() ? host.waiting.shift() : undefined;
      if (waiter) {
        host.active += 1;
        this.active += 1;
        host.notBefore = performance.now() + host.gapMs;
        waiter.start();
      }
      this.offer(host);
    }
  }

  private stop(reason: unknown): void {
    for (const host of this.hosts.values()) {
      clearTimeout(host.timer);
      for (const { stop } of host.waiting.splice(0)) stop(reason);
    }
  }
}
