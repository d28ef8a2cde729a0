import { setTimeout as sleep } from "node:timers/promises";
import { WebError } from "./web-error.js";

/** Waiting before the second try, milliseconds; it doubles each time. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;
/** A server that asks to be left alone for longer is left alone until the next run. */
const PATIENCE = 120_000;

/**
 * Milliseconds that a `Retry-After` header asks for, given as seconds or as a date (RFC 9110, 10.2.3); undefined where it says
 * neither.
 */
export function retryAfter(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  if (/^\s*\d+\s*$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

export interface RetryOptions {
  /** Further tries after the first. */
  readonly retries: number;
  readonly signal: AbortSignal;
  /** Milliseconds since the first try after which an error of this kind is tried once more and then is final. */
  readonly patience?: (error: WebError) => number | undefined;
  /** Told before each wait. */
  readonly onWait?: (error: WebError, milliseconds: number) => void;
}

/**
 * Tries until it works, the failure is final or the tries are used up. Waits exponentially longer with jitter, and at
 * least as long as the server asks.
 *
 * @throws the last try's error; a WebError says how often it was tried. While it waits: the signal's reason
 */
export async function withRetries<T>(work: () => Promise<T>, options: RetryOptions): Promise<T> {
  const start = performance.now();
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof WebError)) throw error;
      error.attempts = attempt;
      const final = !error.transient || attempt > options.retries;
      const left = start + (options.patience?.(error) ?? Number.POSITIVE_INFINITY) - performance.now();
      if (final || left <= 0 || (error.retryAfterMs ?? 0) > PATIENCE) throw error;
      const wait = Math.min(left, waitBefore(attempt, error.retryAfterMs));
      options.onWait?.(error, wait);
      await sleep(wait, undefined, { signal: options.signal }).catch(() => {
        throw options.signal.reason;
      });
    }
  }
}

/** Half to all of an exponentially growing wait, so that many that failed together do not return together. */
function waitBefore(attempt: number, asked = 0): number {
  const longest = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
  return Math.max(asked, longest * (0.5 + Math.random() / 2));
}
