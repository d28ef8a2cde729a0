import type { Readable } from "node:stream";
import { Agent, type Dispatcher, request } from "undici";
import { checkLiteral, PrivateAddress, publicLookup } from "./addresses.js";
import { readBody, saveBody, tooLarge } from "./body.js";
import { retryAfter } from "./retry.js";
import { withoutSecrets, withoutSecretsOf } from "./secrets.js";
import { FAILURE_HINTS, WebError, webErrorOf } from "./web-error.js";

export interface ClientOptions {
  /** Lets addresses through that are not on the public internet. */
  readonly allowPrivate: boolean;
  readonly userAgent: string;
  readonly connectTimeoutMs: number;
  /** From the request to the last of the answer's headers, connecting included. */
  readonly headersTimeoutMs: number;
  /** In each such period at least 16 KiB of the body have to come. */
  readonly bodyTimeoutMs: number;
  /** Connections to one host. */
  readonly connections?: number;
}

/** Header names in lower case; what is sent several times, joined by commas. */
export type Headers = Readonly<Record<string, string>>;

export interface GetOptions {
  readonly maxBytes: number;
  readonly headers?: Headers;
  readonly signal?: AbortSignal;
  /** A form to post instead of a GET; redirects are not followed then. */
  readonly form?: Readonly<Record<string, string>>;
  /** Looks at an answer before its body is read; may throw a WebError. */
  readonly inspect?: (headers: Headers, status: number) => void;
  /** Called for each request there is, redirects included: makes it wait for its turn, or refuses it. */
  readonly hop?: <T>(url: URL, send: () => Promise<T>) => Promise<T>;
}

export interface Answer {
  /** 200, or 304 where `headers` made the request conditional. */
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

const MOST_REDIRECTS = 10;
const REDIRECTS = [301, 302, 303, 307, 308];
/** A failing answer's body is read for its words so far. */
const WORDS = 4096;

type Step<T> = { readonly location: URL } | { readonly answer: T };
type Read<T> = (body: Readable, headers: Headers, status: number) => Promise<T>;

/**
 * HTTP as a stranger's address may be asked: http and https alone, public addresses alone (what a name resolves to is checked
 * and is what is connected to), redirects followed by hand with each hop checked, everything limited in time and size. What
 * goes wrong is a WebError, whose words hold no secret of the URL.
 */
export class WebClient {
  private readonly agent: Agent;

  constructor(private readonly options: ClientOptions) {
    const { allowPrivate, connectTimeoutMs, connections = 8 } = options;
    this.agent = new Agent({
      connections,
      pipelining: 1,
      connect: { timeout: connectTimeoutMs, ...(allowPrivate ? {} : { lookup: publicLookup }) },
      // Time is kept here: undici's clocks start anew with every byte.
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: 64 * 1024,
      keepAliveTimeout: 10_000,
    });
  }

  /** What stands at a URL, in memory. @throws WebError */
  async get(url: string, options: GetOptions): Promise<Answer> {
    return this.follow(url, options, async (body, headers, status) => {
      const limits = { maxBytes: options.maxBytes, timeoutMs: this.options.bodyTimeoutMs };
      return { status, headers, body: await readBody(body, headers["content-encoding"], limits) };
    });
  }

  /** Saves what stands at a URL as a file. @throws WebError, or the file system's error */
  async download(url: string, path: string, options: GetOptions): Promise<Headers> {
    return this.follow(url, options, async (body, headers) => {
      const limits = { maxBytes: options.maxBytes, timeoutMs: this.options.bodyTimeoutMs };
      await saveBody(body, headers["content-encoding"], limits, path);
      return headers;
    });
  }

  async close(): Promise<void> {
    await this.agent.destroy();
  }

  private async follow<T>(address: string, options: GetOptions, read: Read<T>): Promise<T> {
    let url = parse(address);
    const seen = new Set<string>();
    const first = url.origin;
    for (let hops = 0; ; hops++) {
      seen.add(url.href);
      const current = url;
      const send = () => this.send(current, current.origin === first, options, read);
      const step = await (options.hop ? options.hop(current, send) : send());
      if ("answer" in step) return step.answer;
      url = step.location;
      if (seen.has(url.href))
        throw new WebError("redirect-loop", `redirected in a circle by way of ${withoutSecrets(url.href)}`);
      if (hops >= MOST_REDIRECTS)
        throw new WebError("too-many-redirects", `redirected more than ${MOST_REDIRECTS} times`);
    }
  }

  /** One request. Headers of the caller's own, which may hold secrets, go to the origin they were meant for alone. */
  private async send<T>(url: URL, own: boolean, options: GetOptions, read: Read<T>): Promise<Step<T>> {
    const { allowPrivate, headersTimeoutMs } = this.options;
    const late = new AbortController();
    const timer = setTimeout(
      () =>
        late.abort(
          new WebError("timeout", `no answer within ${headersTimeoutMs / 1000} s`, { transient: true }),
        ),
      headersTimeoutMs,
    );
    const signal = AbortSignal.any([late.signal, ...(options.signal ? [options.signal] : [])]);
    let reading = false;
    try {
      if (!allowPrivate) checkLiteral(url.hostname);
      const answer = await request(url, { ...this.requestOf(url, own ? options : {}), signal });
      clearTimeout(timer);
      reading = true;
      return await this.receive(url, answer, options, read);
    } catch (error) {
      if (late.signal.aborted) throw late.signal.reason;
      if (options.signal?.aborted) throw options.signal.reason;
      if (error instanceof PrivateAddress) {
        const hint = FAILURE_HINTS["private-address"]!;
        throw new WebError("private-address", error.message, { hint });
      }
      throw webErrorOf(error, reading);
    } finally {
      clearTimeout(timer);
    }
  }

  private requestOf(
    url: URL,
    { headers, form }: Partial<GetOptions>,
  ): Omit<Dispatcher.RequestOptions, "path" | "origin"> & { dispatcher: Agent } {
    const common = {
      "user-agent": this.options.userAgent,
      "accept-encoding": "gzip, deflate, br",
      ...basicOf(url),
      ...headers,
    };
    if (form === undefined) return { dispatcher: this.agent, method: "GET", headers: common };
    const type = { "content-type": "application/x-www-form-urlencoded" };
    return {
      dispatcher: this.agent,
      method: "POST",
      headers: { ...common, ...type },
      body: new URLSearchParams(form).toString(),
    };
  }

  private async receive<T>(
    url: URL,
    answer: Dispatcher.ResponseData,
    options: GetOptions,
    read: Read<T>,
  ): Promise<Step<T>> {
    const { statusCode: status, body } = answer;
    const headers = flat(answer.headers);
    // A body that nobody reads to its end must neither hold its connection nor throw from nowhere.
    const drop = () => body.on("error", () => {}).destroy();
    try {
      if (REDIRECTS.includes(status) && headers.location !== undefined && options.form === undefined) {
        drop();
        return { location: parse(headers.location, url) };
      }
      if (status !== 200 && status !== 304) throw await this.failure(url, status, headers, body);
      options.inspect?.(headers, status);
      if (Number(headers["content-length"] ?? 0) > options.maxBytes) throw tooLarge(options.maxBytes);
      return { answer: await read(body, headers, status) };
    } catch (error) {
      drop();
      throw error;
    }
  }

  private async failure(url: URL, status: number, headers: Headers, body: Readable): Promise<WebError> {
    const limits = { maxBytes: WORDS, timeoutMs: this.options.bodyTimeoutMs };
    const text = await readBody(body, headers["content-encoding"], limits).catch(() => Buffer.alloc(0));
    const words = /^(text\/plain|application\/(.*\+)?json)/.test(headers["content-type"] ?? "")
      ? text.toString()
      : "";
    // Seconds until a window of requests ends, where no plainer word is given (Pixabay).
    const reset = status === 429 ? headers["x-ratelimit-reset"] : undefined;
    const wait = retryAfter(headers["retry-after"] ?? reset, Date.now());
    return new WebError(
      `http-${status}`,
      `the server answered ${status}${words === "" ? "" : `: ${oneLine(withoutSecretsOf(url, words))}`}`,
      {
        status,
        transient: status >= 500 || [408, 425, 429].includes(status),
        ...(wait === undefined ? {} : { retryAfterMs: wait }),
      },
    );
  }
}

function parse(address: string, base?: URL): URL {
  if (!URL.canParse(address, base?.href))
    throw new WebError("bad-url", "no address that a request could be sent to");
  const url = new URL(address, base);
  if (url.protocol === "http:" || url.protocol === "https:") return url;
  throw new WebError("bad-url", `${url.protocol} is neither http nor https`);
}

/** User and password of an address, as it is spelled where its escapes make no sense. */
function basicOf({ username, password }: URL): Headers {
  if (username === "") return {};
  let pair = `${username}:${password}`;
  try {
    pair = decodeURIComponent(pair);
  } catch {
    // A stray percent sign.
  }
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function flat(headers: Dispatcher.ResponseData["headers"]): Headers {
  const entries = Object.entries(headers).map(([name, value]) => [
    name.toLowerCase(),
    Array.isArray(value) ? value.join(", ") : (value ?? ""),
  ]);
  return Object.fromEntries(entries);
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim().slice(0, 200);
}
