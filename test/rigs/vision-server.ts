import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import sharp from "sharp";
import { sha256 } from "../../src/core/hash.js";

type Answer = Record<string, unknown>;

export interface VisionOptions {
  /** The key that is expected in x-goog-api-key; none where left out. */
  readonly key?: string;
  /** Milliseconds before an answer. */
  readonly delay?: number;
  /** Answers the n-th request (from 1) by itself; undefined: as always. */
  readonly onRequest?: (n: number, response: ServerResponse, blobs: readonly string[]) => boolean;
  /** What is answered about a picture instead of, or with `labels: true` beside, its labels. */
  readonly onPicture?: (
    blob: string,
    time: number,
  ) => { readonly error: object; readonly labels?: boolean } | undefined;
}

/**
 * The far end of Google Cloud Vision: POST /v1/images:annotate as documented (cloud.google.com/vision/docs/reference/rest),
 * with labels that follow from a picture's pixels. Counts how often each picture was asked about, and answered.
 */
export class VisionServer {
  /** sha256 of a picture's bytes → how often a request held it. */
  readonly asked = new Map<string, number>();
  /** sha256 → answers that were handed to the connection, errors not counted. */
  readonly answered = new Map<string, number>();
  readonly requests: {
    readonly at: number;
    readonly images: number;
    readonly bytes: number;
    readonly features: string;
  }[] = [];
  readonly headers: IncomingMessage["headers"][] = [];

  private constructor(
    private readonly server: Server,
    private readonly options: VisionOptions,
  ) {}

  static async start(options: VisionOptions = {}): Promise<VisionServer> {
    const server = createServer();
    const vision = new VisionServer(server, options);
    server.on("request", (request, response) => void vision.handle(request, response));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return vision;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const { key, delay = 0, onRequest } = this.options;
    this.headers.push(request.headers);
    const refuse = (code: number, status: string, message: string) =>
      reply(response, code, { error: { code, message, status } });
    if (!request.url?.startsWith("/v1/images:annotate")) return refuse(404, "NOT_FOUND", "Not found.");
    if (key !== undefined && request.headers["x-goog-api-key"] !== key) {
      const reason = { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: "API_KEY_INVALID" };
      const message = "API key not valid. Please pass a valid API key.";
      return reply(response, 400, {
        error: { code: 400, message, status: "INVALID_ARGUMENT", details: [reason] },
      });
    }
    const { requests } = JSON.parse(body.toString()) as {
      requests: { image: { content: string }; features: object[] }[];
    };
    const pictures = requests.map(({ image }) => Buffer.from(image.content, "base64"));
    const features = JSON.stringify(requests[0]?.features);
    this.requests.push({ at: performance.now(), images: requests.length, bytes: body.length, features });
    const blobs = pictures.map((picture) => sha256(picture));
    for (const blob of blobs) this.count(this.asked, blob);
    if (onRequest?.(this.requests.length, response, blobs)) return;
    if (body.length > 10_000_000)
      return refuse(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit.");
    if (requests.length > 16) return refuse(400, "INVALID_ARGUMENT", "Too many images per request.");
    if (delay > 0) await sleep(delay);
    const responses = await Promise.all(
      pictures.map((picture, i) =>
        this.annotate(picture, requests[i]!.features as { type: string | number; maxResults?: number }[]),
      ),
    );
    reply(response, 200, { responses });
  }

  private async annotate(
    picture: Buffer,
    features: readonly { type: string | number; maxResults?: number }[],
  ): Promise<Answer> {
    const blob = sha256(picture);
    const instead = this.options.onPicture?.(blob, this.asked.get(blob) ?? 0);
    if (instead && !instead.labels) return { error: instead.error };
    this.count(this.answered, blob);
    try {
      const { data } = await sharp(picture)
        .removeAlpha()
        .resize(2, 2, { fit: "fill" })
        .raw()
        .toBuffer({ resolveWithObject: true });
      const asked = features.find(({ type }) => type === 4 || type === "LABEL_DETECTION");
      const labels = ["Red", "Green", "Blue"].map((description, i) => {
        const score = (data[i]! + data[i + 3]! + 1) / 512;
        return { mid: `/m/0${i}`, description, score, topicality: score / 2 };
      });
      labels.sort((a, b) => b.score - a.score);
      const safe = features.some(({ type }) => type === 6 || type === "SAFE_SEARCH_DETECTION");
      return {
        labelAnnotations: labels.slice(0, asked?.maxResults || 10),
        ...(safe
          ? {
              safeSearchAnnotation: {
                adult: "VERY_UNLIKELY",
                spoof: "POSSIBLE",
                medical: "UNLIKELY",
                violence: "UNLIKELY",
                racy: "LIKELY",
              },
            }
          : {}),
        ...(instead ? { error: instead.error } : {}),
      };
    } catch {
      return { error: { code: 3, message: "Bad image data." } };
    }
  }

  private count(counts: Map<string, number>, blob: string): void {
    counts.set(blob, (counts.get(blob) ?? 0) + 1);
  }
}

export function reply(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { "content-type": "application/json", ...headers });
  response.end(JSON.stringify(body));
}
