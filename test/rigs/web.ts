import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after } from "node:test";

export type Route = (request: IncomingMessage, response: ServerResponse, url: URL) => void | Promise<void>;

/** One request that reached the server. */
export interface Seen {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** performance.now() when it came, and when the last byte of its answer had been handed to the system. */
  readonly at: number;
  readonly doneAt?: number;
}

/** A real server on 127.0.0.1 that answers by the longest fitting prefix of its routes, 404 to all else, and counts. */
export class WebRig {
  readonly seen: Seen[] = [];
  /** Requests under way now, and at most so far. */
  underWay = 0;
  most = 0;
  private readonly routes = new Map<string, Route>();
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => void this.answer(request, response));
    this.server.keepAliveTimeout = 1000;
  }

  static async start(routes: Readonly<Record<string, Route>> = {}): Promise<WebRig> {
    const rig = new WebRig();
    for (const [prefix, route] of Object.entries(routes)) rig.on(prefix, route);
    await new Promise<void>((done) => rig.server.listen(0, "127.0.0.1", done));
    after(() => rig.stop());
    return rig;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get origin(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  url(path: string): string {
    return this.origin + path;
  }

  on(prefix: string, route: Route): this {
    this.routes.set(prefix, route);
    return this;
  }

  /** How often a path, with its query, was asked for. */
  count(path: string): number {
    return this.seen.filter((request) => request.path === path).length;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? "/";
    const seen: { -readonly [K in keyof Seen]: Seen[K] } = {
      method: request.method ?? "",
      path,
      headers: request.headers,
      at: performance.now(),
    };
    this.seen.push(seen);
    this.underWay += 1;
    this.most = Math.max(this.most, this.underWay);
    response.once("close", () => {
      this.underWay -= 1;
    });
    response.once("finish", () => {
      seen.doneAt = performance.now();
    });
    const url = new URL(path, this.origin);
    const prefixes = [...this.routes.keys()].filter((prefix) => path.startsWith(prefix));
    const prefix = prefixes.sort((a, b) => b.length - a.length)[0];
    const route = prefix === undefined ? undefined : this.routes.get(prefix);
    if (route) await route(request, response, url);
    else send(response, 404, "text/plain", "nothing here");
  }
}

/** Answers with a body of known length. */
export function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: Uint8Array | string,
  headers: Readonly<Record<string, string | readonly string[]>> = {},
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { "content-type": type, "content-length": bytes.length, ...headers });
  response.end(bytes);
}
