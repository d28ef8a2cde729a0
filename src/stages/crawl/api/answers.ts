import { mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { ListContext } from "../../../contract/kind.js";
import { StageError } from "../../../contract/stage.js";
import { writeFileAtomic } from "../../../core/files.js";
import { sha256 } from "../../../core/hash.js";
import { isJsonObject, type Json } from "../../../core/json.js";
import type { Answer, Headers, WebClient } from "../../../core/net/client.js";
import { withRetries } from "../../../core/net/retry.js";
import { withoutSecrets } from "../../../core/net/secrets.js";
import { WebError } from "../../../core/net/web-error.js";

/** How long an answer is used again, milliseconds: Pixabay's terms ask for 24 hours. */
const DAY = 24 * 3600 * 1000;
const LARGEST = 16 * 1024 * 1024;

export interface ApiOptions {
  readonly web: WebClient;
  readonly retries: number;
  /** The API's name, for people and for the folder of its answers. */
  readonly name: string;
  /** How long an answer's headers ask to wait before the next request, milliseconds. */
  readonly pause: (headers: Headers) => number;
}

/**
 * Asks an API, one request after the other, at the pace that it allows. Answers are kept for a day in the store's cache, known
 * by their addresses without keys: what was asked today is not asked again, by any run.
 */
export class ApiAnswers {
  private readonly folder: string;
  private notBefore = 0;

  constructor(
    private readonly context: ListContext,
    private readonly options: ApiOptions,
  ) {
    this.folder = join(context.cache, options.name);
    mkdirSync(this.folder, { recursive: true });
    const now = Date.now();
    for (const name of readdirSync(this.folder)) {
      const path = join(this.folder, name);
      if (now - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? now) > DAY)
        rmSync(path, { force: true });
    }
  }

  /** The JSON at an address. @throws WebError, StageError for what is no JSON */
  async get(url: string, headers: Headers = {}): Promise<Json> {
    const asked = withoutSecrets(url);
    const path = join(this.folder, `${sha256(asked)}.json`);
    const kept = readKept(path, asked, Date.now() - DAY);
    if (kept !== undefined) return kept;
    const { body } = await withRetries(() => this.ask(url, headers), {
      retries: this.options.retries,
      signal: this.context.signal,
    });
    const value = this.parse(body.toString());
    writeFileAtomic(path, JSON.stringify({ asked, at: new Date().toISOString(), value }));
    return value;
  }

  private async ask(url: string, headers: Headers): Promise<Answer> {
    const { web, pause } = this.options;
    const { signal } = this.context;
    const wait = this.notBefore - performance.now();
    if (wait > 0) await sleep(wait, undefined, { signal });
    const inspect = (answered: Headers) => {
      this.notBefore = performance.now() + pause(answered);
    };
    return web.get(url, {
      maxBytes: LARGEST,
      headers: { accept: "application/json", ...headers },
      signal,
      inspect,
    });
  }

  private parse(text: string): Json {
    try {
      return JSON.parse(text) as Json;
    } catch {
      throw new StageError(`${this.options.name} answers what is no JSON`, { class: "bad-answer" });
    }
  }
}

/** An answer that was kept for an address since a time; undefined where there is none, or one that is damaged. */
function readKept(path: string, asked: string, since: number): Json | undefined {
  try {
    const kept = JSON.parse(readFileSync(path, "utf8")) as Json;
    if (!isJsonObject(kept) || kept.asked !== asked || Date.parse(String(kept.at)) < since) return undefined;
    return kept.value;
  } catch {
    return undefined;
  }
}

/** An API's refusal in words that help; other errors as they are. `hints` by status. */
export function explained(name: string, error: unknown, hints: Readonly<Record<number, string>>): unknown {
  if (!(error instanceof WebError)) return error;
  const { status = 0, message, retryAfterMs } = error;
  const later =
    retryAfterMs === undefined
      ? undefined
      : `ask again in ${Math.ceil(retryAfterMs / 60_000)} minutes; answers so far are kept`;
  const hint = later ?? hints[status] ?? error.options.hint;
  return new StageError(`${name}: ${message}`, {
    class: error.failure,
    ...(hint === undefined ? {} : { hint }),
  });
}
