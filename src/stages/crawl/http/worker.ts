import { setTimeout as sleep } from "node:timers/promises";
import PQueue from "p-queue";
import {
  type BaseContext,
  type Item,
  type ItemOutcome,
  type ItemWorker,
  StageError,
} from "../../../contract/stage.js";
import type { Answer, WebClient } from "../../../core/net/client.js";
import { withRetries } from "../../../core/net/retry.js";
import { Turns } from "../../../core/net/turns.js";
import { FAILURE_HINTS, WebError } from "../../../core/net/web-error.js";
import { sharp } from "../../../core/sharp.js";
import type { Network } from "../schema-http.js";
import { lookAt } from "./look.js";
import { botName, webClient } from "./network.js";
import { checkOptOuts } from "./opt-outs.js";
import { Robots } from "./robots.js";

/** Items in hand for each request that may be under way: so many hosts are known to take turns. */
const IN_HAND = 16;
/** Requests under way when the run is interrupted may take so long to end, milliseconds. */
const GRACE = 5000;
/** From so many items on, a share of failures says something. */
const ENOUGH = 100;

export interface FetchOptions {
  /** What is fetched has to be listed anew before it is tried again: failures of any kind may pass. */
  readonly linksExpire?: true;
}

/** Fetches listed addresses, keeping to what their hosts ask, and looks whether they are pictures. */
export async function openFetcher(context: BaseContext, options: FetchOptions = {}): Promise<ItemWorker> {
  const fetcher = new Fetcher(context, context.with.source as unknown as Network, options);
  return {
    concurrency: fetcher.source.concurrency * IN_HAND,
    process: (items) => Promise.all(items.map((item) => fetcher.fetch(item))),
    close: () => fetcher.web.close(),
  };
}

class Fetcher {
  readonly web: WebClient;
  private readonly turns: Turns;
  private readonly robots: Robots | undefined;
  private readonly bot: string;
  private readonly optOuts: string | null;
  /** Ends what is under way some time after the run was interrupted. */
  private readonly late: AbortSignal;
  /** The run is interrupted, or hopeless. */
  private readonly over: AbortSignal;
  private readonly hopeless = new AbortController();
  /** Decoding takes threads that looking up names needs, too. */
  private readonly looks: PQueue;
  private done = 0;
  private failed = 0;

  constructor(
    context: BaseContext,
    readonly source: Network,
    private readonly options: FetchOptions,
  ) {
    const signal = AbortSignal.any([context.signal, this.hopeless.signal]);
    this.over = signal;
    sharp.concurrency(1);
    sharp.cache(false);
    this.looks = new PQueue({ concurrency: context.cpus });
    this.web = webClient(source);
    this.bot = botName(source.user_agent);
    const { concurrency, per_host: perHost, per_host_rate: perHostRate, retries } = source;
    this.turns = new Turns({ concurrency, perHost, perHostRate }, signal);
    this.robots = source.robots ? new Robots(this.web, this.turns, this.bot, { retries, signal }) : undefined;
    const asked = [source.robots && "robots.txt", source.opt_outs && "x-robots-tag, tdmrep"].filter(Boolean);
    this.optOuts = asked.length > 0 ? asked.join(", ") : null;
    const late = new AbortController();
    signal.addEventListener(
      "abort",
      () => void sleep(GRACE, undefined, { ref: false }).then(() => late.abort()),
    );
    this.late = late.signal;
  }

  /** @throws StageError where the run is hopeless, the signal's reason where it is interrupted */
  async fetch(item: Item): Promise<ItemOutcome> {
    const outcome = await this.outcomeOf(item);
    this.done += 1;
    if (!outcome.ok) this.failed += 1;
    this.checkHope(outcome);
    return outcome;
  }

  private async outcomeOf(item: Item): Promise<ItemOutcome> {
    let attempts = 0;
    const attempt = () => {
      attempts += 1;
      return this.ask(item);
    };
    try {
      if (!URL.canParse(item.locator))
        throw new WebError("bad-url", "no address that a request could be sent to");
      const host = new URL(item.locator).hostname;
      const answer = await withRetries(attempt, {
        retries: this.source.retries,
        signal: this.over,
        // Who has too much to do is left alone by all that waits for it, not by this item only.
        onWait: ({ status, retryAfterMs }, wait) => {
          if (status === 429 || retryAfterMs !== undefined) this.turns.pause(host, wait);
        },
      });
      if (answer.status === 304) return { ok: true, columns: {}, unchanged: true };
      const picture = await this.looks.add(() => lookAt(answer.body, this.source.max_pixels));
      const columns = {
        bytes: answer.body.length,
        ...picture,
        opt_outs: this.optOuts,
        ...validators(answer),
      };
      return { ok: true, columns, blobs: { blob: answer.body } };
    } catch (error) {
      if (!(error instanceof WebError)) throw error;
      const { failure, message, transient } = error;
      const passing = transient || this.options.linksExpire === true;
      return { ok: false, class: failure, detail: message, transient: passing, columns: { attempts } };
    }
  }

  private async ask({ locator, row }: Item): Promise<Answer> {
    const headers: Record<string, string> = { accept: "image/*,*/*;q=0.5" };
    if (typeof row.etag === "string") headers["if-none-match"] = row.etag;
    if (typeof row.last_modified === "string") headers["if-modified-since"] = row.last_modified;
    return this.web.get(locator, {
      maxBytes: this.source.max_bytes,
      headers,
      signal: this.late,
      inspect: (answered) => {
        if (this.source.opt_outs) checkOptOuts(answered, this.bot);
      },
      hop: async (url, send) => {
        await this.robots?.check(url);
        // What is fetched faster than it is decoded would pile up in memory.
        await this.looks.onSizeLessThan(this.source.concurrency);
        return this.turns.take(url.hostname, send);
      },
    });
  }

  /** Stops early what would only go on failing. How many failures are too many in the end, the runner says. */
  private checkHope(last: ItemOutcome): void {
    const { max_failures: most } = this.source;
    if (most === undefined || last.ok || this.over.aborted) return;
    const hopeless = most >= 1 ? this.failed > most : this.done >= ENOUGH && this.failed / this.done > most;
    if (!hopeless) return;
    const known = [FAILURE_HINTS[last.class] ?? []].flat();
    const error = new StageError(
      `${this.failed} of the first ${this.done} items failed, more than max_failures allows; the last: ${last.class} (${last.detail})`,
      {
        class: "too-many-failures",
        hint: ["what was fetched is kept; look what is wrong, or raise max_failures", ...known].join("; "),
      },
    );
    this.hopeless.abort(error);
    throw error;
  }
}

/** What makes the next request for it conditional. */
function validators({ headers }: Answer): { etag: string | null; last_modified: string | null } {
  return { etag: headers.etag ?? null, last_modified: headers["last-modified"] ?? null };
}
