import robotsParser = require("robots-parser");

import type { WebClient } from "../../../core/net/client.js";
import { withRetries } from "../../../core/net/retry.js";
import type { Turns } from "../../../core/net/turns.js";
import { WebError } from "../../../core/net/web-error.js";

/** More of a robots.txt does not count (RFC 9309, 2.5, asks for 500 KiB at least). */
const MOST_BYTES = 512 * 1024;
/** What is larger than this is no robots.txt. */
const LARGEST = 8 * MOST_BYTES;
/** Longer crawl-delays are taken for this many seconds: some sites mean to say no by a day. */
const LONGEST_DELAY = 60;
/** Origins whose rules are held at once. */
const MOST_ORIGINS = 20_000;

/** What an origin's robots.txt says; `failure` where it could not be learned. */
type Rules =
  | { readonly allows: (url: string) => boolean; readonly delay: number }
  | { readonly failure: WebError };

// Its types tell of a default export, which it has not.
const parse = robotsParser as unknown as typeof robotsParser.default;

/** The robots.txt of each origin, fetched once. */
export class Robots {
  private readonly origins = new Map<string, Promise<Rules>>();

  constructor(
    private readonly web: WebClient,
    private readonly turns: Turns,
    private readonly bot: string,
    private readonly options: { readonly retries: number; readonly signal: AbortSignal },
  ) {}

  /** @throws WebError where robots.txt forbids a URL, or where it cannot be known whether it does */
  async check(url: URL): Promise<void> {
    const rules = await this.rulesOf(url);
    if ("failure" in rules) throw rules.failure;
    if (!rules.allows(url.href))
      throw new WebError("robots-disallowed", `robots.txt of ${url.host} forbids it`);
  }

  private rulesOf(url: URL): Promise<Rules> {
    const known = this.origins.get(url.origin);
    if (known) return known;
    const [oldest] = this.origins.size >= MOST_ORIGINS ? this.origins.keys() : [];
    if (oldest !== undefined) this.origins.delete(oldest);
    const asked = this.ask(url);
    this.origins.set(url.origin, asked);
    return asked;
  }

  /**
   * RFC 9309, 2.3.1: an answer 4xx, or redirects without end, mean that there are no rules; a server that cannot be reached
   * or is out of order (5xx, and 429 as Google reads it) forbids everything until it can be asked.
   */
  private async ask(url: URL): Promise<Rules> {
    const address = `${url.origin}/robots.txt`;
    const hop = <T>(at: URL, send: () => Promise<T>) => this.turns.take(at.hostname, send);
    try {
      const { body } = await withRetries(
        () => this.web.get(address, { maxBytes: LARGEST, hop }),
        this.options,
      );
      const rules = parse(address, body.subarray(0, MOST_BYTES).toString());
      const delay = Math.min(LONGEST_DELAY, rules.getCrawlDelay(this.bot) ?? 0);
      if (delay > 0) this.turns.slow(url.hostname, delay * 1000);
      return { allows: (asked) => rules.isAllowed(asked, this.bot) !== false, delay };
    } catch (error) {
      if (!(error instanceof WebError)) throw error;
      const { failure, status = 0 } = error;
      const none = (status >= 400 && status < 500 && status !== 429) || NO_RULES.includes(failure);
      if (none) return { allows: () => true, delay: 0 };
      if (status === 0) {
        const { transient, message } = error;
        return { failure: new WebError(failure, `robots.txt of ${url.host}: ${message}`, { transient }) };
      }
      const words = `robots.txt of ${url.host} answers ${status}, which forbids all until it can be read`;
      return { failure: new WebError("robots-unreachable", words, { transient: true }) };
    }
  }
}

/** Answers that are no robots.txt, though the server is in order. */
const NO_RULES = ["redirect-loop", "too-many-redirects", "bad-url", "bad-encoding", "too-large"];
