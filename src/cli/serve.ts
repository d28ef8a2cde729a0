import { type Command, InvalidArgumentError, Option } from "commander";
import { StageError } from "../core/errors.js";
import type { WebClient } from "../core/net/client.js";
import { VERSION } from "../core/version.js";
import type { RequestLine } from "../serve/server.js";
import { preparer } from "../stages/resize/prepare.js";
import { findModel } from "./predict-model.js";
import { UsageError } from "./shared/errors.js";
import { duration, plural } from "./shared/format.js";
import { onInterrupt } from "./shared/interrupt.js";
import { examples, positive, type StoreOptions, share, storeOption } from "./shared/options.js";
import type { Terminal } from "./shared/output.js";

interface ServeOptions extends StoreOptions {
  readonly port: number;
  readonly host: string;
  readonly keyEnv?: string;
  readonly min: number;
  readonly queue: number;
  readonly timeout: number;
  readonly urls?: "public" | "any";
  readonly json?: true;
}

export function declare(command: Command, terminal: Terminal): void {
  command
    .argument(
      "[model]",
      "a stage, a model artifact's hash, a folder of a model, or an exported model, as for predict",
      "train",
    )
    .option("--port <port>", "port to listen on; 0: any that is free", port, 8080)
    .option("--host <address>", "address to listen on; 0.0.0.0: all of this machine's", "127.0.0.1")
    .option("--key-env <variable>", "ask for the key in this environment variable")
    .option("--min <score>", "leave out tags below this score", share, 0)
    .option("--queue <images>", "images accepted at once; more are told to come again", queue, 256)
    .option("--timeout <seconds>", "give up an image that has waited so long", positive, 30)
    .addOption(
      new Option(
        "--urls <which>",
        "read imageUri: of public addresses, or of any, those of your own network among them",
      ).choices(["public", "any"]),
    )
    .option("--json", "print a line of JSON for the start and each request");
  storeOption(command);
  examples(command, [
    ["pipe serve", "the newest model of the stage train, on http://127.0.0.1:8080"],
    ["pipe serve vision-distill/train --port 9000", "of one pipeline among several"],
    ["pipe serve 3f9a1c --host 0.0.0.0 --key-env PIPE_KEY", "for other machines, with a key"],
  ]);
  command.action((model: string, options: ServeOptions) => serve(model, options, terminal));
}

async function serve(name: string, options: ServeOptions, terminal: Terminal): Promise<void> {
  const key = keyOf(options.keyEnv);
  const source = findModel(options.store, name);
  const { EngineThread } = await import("../serve/engine-thread.js");
  const { buildServer } = await import("../serve/server.js");
  const { LIMITS } = await import("../serve/vision.js");
  const lost = new AbortController();
  const { thread, student } = await EngineThread.open(source.location, (reason) =>
    lost.abort(new StageError(`the engine has stopped: ${reason}`)),
  );
  const web = await webClient(options.urls);
  const interrupt = onInterrupt();
  try {
    const server = buildServer({
      name,
      student,
      engine: thread,
      prepare: await preparer(student.resize ?? source.resize, student.size, LIMITS.pixels),
      web,
      key,
      min: options.min,
      queue: options.queue,
      timeout: options.timeout * 1000,
      onRequest: (line) => say(line, options, terminal),
    });
    const address = await server.listen({ port: options.port, host: options.host }).catch((error) => {
      throw cannotListen(error, options);
    });
    announce(address, { name, tags: student.tags.length, engine: student.engine }, options, terminal);
    await aborted(AbortSignal.any([interrupt.signal, lost.signal]));
    if (!options.json) terminal.err("stopping: what was accepted is answered first");
    await Promise.race([server.close(), aborted(interrupt.kill)]);
    lost.signal.throwIfAborted();
  } finally {
    interrupt.dispose();
    await web?.close();
    await thread.close();
  }
}

/** What keeps a server from listening, for people. */
function cannotListen(error: NodeJS.ErrnoException, { host, port }: ServeOptions): Error {
  switch (error.code) {
    case "EADDRINUSE":
      return new StageError(`port ${port} of ${host} is in use`, {
        hint: "stop what listens there, or take another with --port; --port 0 takes any that is free",
      });
    case "EACCES":
      return new StageError(`port ${port} is not for this user`, {
        hint: "take one from 1024 on with --port",
      });
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return new UsageError(
        `${host} is no address of this machine`,
        "--host 127.0.0.1 for this machine alone, --host 0.0.0.0 for all its addresses",
      );
    default:
      return error;
  }
}

async function webClient(urls: ServeOptions["urls"]): Promise<WebClient | undefined> {
  if (urls === undefined) return undefined;
  const { WebClient } = await import("../core/net/client.js");
  return new WebClient({
    allowPrivate: urls === "any",
    userAgent: `pipestill/${VERSION}`,
    connectTimeoutMs: 5_000,
    headersTimeoutMs: 10_000,
    bodyTimeoutMs: 10_000,
  });
}

function announce(
  address: string,
  about: { readonly name: string; readonly tags: number; readonly engine: string },
  options: ServeOptions,
  { out, err }: Terminal,
): void {
  if (options.json) {
    out(JSON.stringify({ listening: address, ...about }));
    return;
  }
  err(`${about.name}: ${plural(about.tags, "tag")}, ${about.engine}`);
  err(`listening on ${address}: a page for people, POST /v1/images:annotate for programs`);
  if (options.keyEnv === undefined && !/^(127\.|localhost$|::1$)/.test(options.host)) {
    err("anyone who reaches this address may use it: --key-env asks for a key");
  }
}

function say(line: RequestLine, options: ServeOptions, { out, err }: Terminal): void {
  const { method, route, status, images, ms } = line;
  if (options.json) {
    out(JSON.stringify({ ...line, ms: Math.round(ms * 10) / 10 }));
    return;
  }
  const what = images > 0 ? `  ${plural(images, "image")}` : "";
  err(`${method} ${route} ${status}${what}  ${duration(ms)}`);
}

function keyOf(variable: string | undefined): string | undefined {
  if (variable === undefined) return undefined;
  const key = process.env[variable];
  if (!key)
    throw new UsageError(`the environment variable ${variable} holds no key`, `${variable}=… pipe serve …`);
  return key;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((done) => signal.addEventListener("abort", () => done(), { once: true }));
}

function port(text: string): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value > 65_535) throw new InvalidArgumentError("Expected a port, 0 to 65535.");
  return value;
}

/** A request of as many images as Vision allows must find room in an empty queue. */
function queue(text: string): number {
  const value = positive(text);
  if (value < 16) throw new InvalidArgumentError("Expected at least 16, the images of one request.");
  return value;
}
