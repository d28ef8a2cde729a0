import { WebClient } from "../../../core/net/client.js";
import type { Network } from "../schema-http.js";

/** A client as a source's params say. */
export function webClient(source: Network): WebClient {
  return new WebClient({
    allowPrivate: source.allow_private,
    userAgent: source.user_agent,
    connectTimeoutMs: source.connect_timeout * 1000,
    headersTimeoutMs: source.headers_timeout * 1000,
    bodyTimeoutMs: source.body_timeout * 1000,
    connections: source.per_host,
  });
}

/** The name by which robots.txt and X-Robots-Tag speak of us: the user agent's first word, without its version. */
export function botName(userAgent: string): string {
  return /^[A-Za-z_-]+/.exec(userAgent)?.[0]?.toLowerCase() ?? "*";
}
