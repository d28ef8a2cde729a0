import { setMaxListeners } from "node:events";
import { type FastifyError, type FastifyInstance, type FastifyRequest, fastify } from "fastify";
import type { WebClient } from "../core/net/client.js";
import { WebError } from "../core/net/web-error.js";
import { topLabels } from "../student/labels.js";
import { Batcher } from "./batcher.js";
import type { EngineThread, Served } from "./engine-thread.js";
import { Gate, type Pass } from "./gate.js";
import { checkKey } from "./key.js";
import { Metrics } from "./metrics.js";
import { ANNOTATE_BODY, openApi } from "./openapi.js";
import { PAGE_HEADERS, page } from "./page.js";
import { refuse } from "./refusal.js";
import { ServeError } from "./status.js";
import {
  type AnnotateBody,
  type AnnotateResponse,
  LIMITS,
  labelResponse,
  readImage,
  type Wanted,
} from "./vision.js";

/** Images in one forward pass at most. */
const BATCH = 32;
/** Bytes of the requests under way at once. */
const BYTES = 256 * 2 ** 20;
/** A request that has not arrived whole by then is dropped, milliseconds. */
const ARRIVAL = 30_000;
/** Paths under which Google's clients send images:annotate; a doubled colon is one. */
const PATHS = ["", "/projects/:project", "/projects/:project/locations/:location"].map(
  (parent) => `/v1${parent}/images::annotate`,
);

export interface ServeOptions {
  /** What is served, for people: "vision-distill/train". */
  readonly name: string;
  readonly student: Served;
  readonly engine: EngineThread;
  /** RGB bytes of the student's size, of a picture's bytes, as the pipeline's resize made them. */
  readonly prepare: (bytes: Buffer) => Promise<Uint8Array>;
  /** Reads imageUri; undefined where the server reads no addresses. */
  readonly web: WebClient | undefined;
  /** What requests must carry; undefined: nothing. */
  readonly key: string | undefined;
  /** Labels below this score are left out. */
  readonly min: number;
  /** Images accepted at once. */
  readonly queue: number;
  /** Milliseconds after which an image that waits is given up. */
  readonly timeout: number;
  /** Told of each answered request. */
  readonly onRequest: (line: RequestLine) => void;
}

/** An answered request, without anything of what was in it. */
export interface RequestLine {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly images: number;
  readonly ms: number;
}

interface Visit {
  readonly start: number;
  /** Aborted when its client has gone, or it has waited too long. */
  readonly signal: AbortSignal;
  readonly gone: AbortController;
  pass?: Pass;
  images: number;
}

/** The HTTP server of a student; it listens when told to, and answers what it has accepted before `close` resolves. */
export function buildServer(options: ServeOptions): FastifyInstance {
  const { student, engine } = options;
  const metrics = new Metrics();
  const batcher = new Batcher(
    (images) => engine.predict(images),
    BATCH,
    (images, ms) => metrics.batch(images, ms),
  );
  const gate = new Gate({ images: options.queue, bytes: BYTES }, (images) => batcher.seconds(images));
  const visits = new WeakMap<FastifyRequest, Visit>();
  const app = fastify({
    bodyLimit: LIMITS.body,
    requestTimeout: ARRIVAL,
    ajv: {
      customOptions: {
        coerceTypes: false,
        removeAdditional: false,
        useDefaults: false,
        allowUnionTypes: true,
      },
    },
  });
  // JSON alone: a text would be taken and then found to be no object.
  app.removeContentTypeParser("text/plain");
  let closing = false;
  app.addHook("preClose", async () => {
    closing = true;
  });
  app.addHook("onSend", async (_, reply) => {
    // A connection that is kept for a next request would keep the server from ending.
    if (closing) reply.header("connection", "close");
  });

  app.addHook("onRequest", async (request, reply) => {
    const gone = new AbortController();
    const signal = AbortSignal.any([gone.signal, AbortSignal.timeout(options.timeout)]);
    // Each image listens.
    setMaxListeners(0, signal);
    const visit: Visit = { start: performance.now(), signal, gone, images: 0 };
    visits.set(request, visit);
    // Comes once, whether the answer was sent or the client went away.
    reply.raw.once("close", () => {
      visit.pass?.leave();
      gone.abort(new ServeError("DEADLINE_EXCEEDED", "The client has gone."));
      const ms = performance.now() - visit.start;
      const route = request.routeOptions.url?.replace("::", ":") ?? "none";
      metrics.request(route, reply.statusCode, ms);
      options.onRequest({
        method: request.method,
        route,
        status: reply.statusCode,
        images: visit.images,
        ms,
      });
    });
  });

  const annotate = async (request: FastifyRequest<{ Body: AnnotateBody }>) => {
    const visit = visits.get(request)!;
    const { requests } = request.body;
    visit.pass!.hold(requests.length);
    visit.images = requests.length;
    const responses = await Promise.all(
      requests.map((one) => answer(() => label(readImage(one), visit.signal))),
    );
    for (const { error } of responses) metrics.image(error?.code ?? 0);
    return { responses };
  };

  const label = async (wanted: Wanted, signal: AbortSignal): Promise<AnnotateResponse> => {
    const bytes = "bytes" in wanted.image ? wanted.image.bytes : await fetched(wanted.image.uri, signal);
    const pixels = await options.prepare(bytes).catch(() => {
      throw new ServeError("INVALID_ARGUMENT", "Bad image data.");
    });
    const scores = await batcher.predict(pixels, signal);
    const labels = topLabels(scores, student.tags, wanted.maxResults).filter(
      ({ score }) => score >= options.min,
    );
    return labelResponse(labels, wanted.beside);
  };

  const fetched = async (uri: string, signal: AbortSignal): Promise<Buffer> => {
    if (!options.web) {
      throw new ServeError("PERMISSION_DENIED", "This server reads no addresses: send the image's content.");
    }
    try {
      return (await options.web.get(uri, { maxBytes: LIMITS.image, signal })).body;
    } catch (error) {
      if (!(error instanceof WebError)) throw error;
      throw new ServeError(
        error.transient ? "UNAVAILABLE" : "INVALID_ARGUMENT",
        `imageUri: ${error.message}.`,
      );
    }
  };

  for (const path of PATHS) {
    app.post<{ Body: AnnotateBody; Querystring: { key?: unknown } }>(path, {
      schema: { body: ANNOTATE_BODY },
      onRequest: async (request) => {
        if (options.key !== undefined) {
          checkKey(options.key, { headers: request.headers, key: request.query.key });
        }
        const length = Number(request.headers["content-length"] ?? LIMITS.body);
        visits.get(request)!.pass = gate.enter(Math.min(length, LIMITS.body));
      },
      handler: annotate,
    });
  }

  app.get("/healthz", async (_, reply) => {
    if (!engine.ready) reply.code(503);
    return {
      status: engine.ready ? "ok" : "the engine has stopped",
      model: options.name,
      tags: student.tags.length,
      engine: student.engine,
    };
  });
  app.get("/metrics", async (_, reply) => {
    reply.type("text/plain; version=0.0.4; charset=utf-8");
    return metrics.text(gate.waiting);
  });
  app.get("/openapi.json", async () => openApi(options.key !== undefined));
  app.get("/", async (_, reply) => {
    reply.headers(PAGE_HEADERS);
    return page({ name: options.name, tags: student.tags.length, secured: options.key !== undefined });
  });

  app.setNotFoundHandler(async (request) => {
    throw new ServeError("NOT_FOUND", `There is no ${request.method} ${request.url.split("?")[0]} here.`);
  });
  app.setErrorHandler((error: FastifyError | ServeError, request, reply) => {
    // Closed at once, a connection on which the client still writes would lose the answer: what comes is dropped instead.
    if (!closing) reply.removeHeader("connection");
    request.raw.resume();
    return refuse(error, request, reply);
  });
  return app;
}

/** An image's failure is its own answer. */
async function answer(work: () => Promise<AnnotateResponse>): Promise<AnnotateResponse> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof ServeError) return { error: error.rpc };
    if ((error as Error).name === "TimeoutError") {
      return { error: new ServeError("DEADLINE_EXCEEDED", "The image waited too long.").rpc };
    }
    throw error;
  }
}
