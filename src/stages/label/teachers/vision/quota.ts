import { setTimeout as sleep } from "node:timers/promises";

/**
 * A token bucket: fills steadily to what a second brings (or to one request's worth), so that in no minute much more
 * than the quota is taken. Takers are served in the order they came.
 */
export class Quota {
  private readonly capacity: number;
  private tokens: number;
  private filledAt: number;
  private pausedUntil = 0;
  private queue: Promise<unknown> = Promise.resolve();

  /** @param largest tokens that one taker takes at most */
  constructor(
    private readonly perMinute: number,
    largest: number,
    private readonly now: () => number = () => performance.now(),
  ) {
    this.capacity = Math.max(largest, perMinute / 60);
    this.tokens = this.capacity;
    this.filledAt = now();
  }

  /** Lets nobody through for a while: the service has said that it is too much. */
  pause(milliseconds: number): void {
    this.pausedUntil = Math.max(this.pausedUntil, this.now() + milliseconds);
  }

  /** Waits until so many tokens are there and takes them. @throws the signal's reason while it waits */
  take(count: number, signal: AbortSignal): Promise<void> {
    const turn = this.queue.then(() => this.wait(count, signal));
    this.queue = turn.catch(() => {});
    return turn;
  }

  private async wait(count: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      this.fill();
      const missing = Math.max(0, ((count - this.tokens) * 60_000) / this.perMinute);
      const wait = Math.max(missing, this.pausedUntil - this.now());
      if (wait <= 0) break;
      await sleep(Math.ceil(wait), undefined, { signal });
    }
    this.tokens -= count;
  }

  private fill(): void {
    const now = this.now();
    this.tokens = Math.min(this.capacity, this.tokens + ((now - this.filledAt) * this.perMinute) / 60_000);
    this.filledAt = now;
  }
}
