import { Worker } from "node:worker_threads";
import { type FailureText, StageError } from "../core/errors.js";
import type { JsonObject } from "../core/json.js";
import type { Size } from "../student/network.js";
import type { ModelLocation } from "../student/open-student.js";
import { ServeError } from "./status.js";

/** What the server knows of the student that its engine's thread holds. */
export interface Served {
  readonly size: Size;
  /** Names by output unit. */
  readonly tags: readonly string[];
  /** How its images were resized, where an exported model tells. */
  readonly resize: JsonObject | undefined;
  /** What computes, for people. */
  readonly engine: string;
}

export interface ToEngine {
  readonly images: readonly Uint8Array[];
}

export type FromEngine =
  | { readonly type: "ready"; readonly student: Served }
  /** [images × tags] */
  | { readonly type: "scores"; readonly scores: Float32Array }
  | { readonly type: "failed"; readonly error: FailureText };

/** A student in a thread of its own. */
export class EngineThread {
  private worker: Worker | undefined;
  private closing = false;
  private current: { done: (message: FromEngine) => void; failed: (error: Error) => void } | undefined;

  private constructor(
    private readonly location: ModelLocation,
    private readonly onLost: (reason: string) => void,
  ) {}

  /**
   * @param location where the model is
   * @param onLost told when the thread has ended unasked
   * @throws StageError for a model or an engine that cannot be loaded
   */
  static async open(location: ModelLocation, onLost: (reason: string) => void) {
    const thread = new EngineThread(location, onLost);
    return { thread, student: await thread.start() };
  }

  /** False when the thread has ended unasked. */
  get ready(): boolean {
    return this.worker !== undefined;
  }

  /** Scores, [tags] for each image. One call at a time. @throws ServeError */
  async predict(images: readonly Uint8Array[]): Promise<readonly Float32Array[]> {
    const { worker } = this;
    if (!worker) throw new ServeError("UNAVAILABLE", "The engine has stopped.");
    const message = await this.ask(() => worker.postMessage({ images } satisfies ToEngine, buffers(images)));
    if (message.type === "failed") throw new ServeError("INTERNAL", message.error.message);
    if (message.type !== "scores") throw new Error(`the engine said ${message.type}`);
    const tags = message.scores.length / images.length;
    return images.map((_, i) => message.scores.subarray(i * tags, (i + 1) * tags));
  }

  async close(): Promise<void> {
    this.closing = true;
    await this.worker?.terminate();
  }

  private async start(): Promise<Served> {
    const worker = new Worker(new URL("./engine-main.js", import.meta.url), {
      workerData: this.location,
    });
    let reason = "its thread ended";
    worker.on("message", (message: FromEngine) => this.current?.done(message));
    worker.on("error", (error) => {
      reason = error.message;
    });
    worker.on("exit", () => this.lost(reason));
    const message = await this.ask(() => {});
    if (message.type === "ready") {
      this.worker = worker;
      return message.student;
    }
    this.closing = true;
    await worker.terminate();
    const error = message.type === "failed" ? message.error : { message: `the engine said ${message.type}` };
    throw new StageError(error.message, error);
  }

  private ask(send: () => void): Promise<FromEngine> {
    return new Promise<FromEngine>((done, failed) => {
      this.current = { done, failed };
      send();
    }).finally(() => {
      this.current = undefined;
    });
  }

  private lost(reason: string): void {
    this.worker = undefined;
    this.current?.failed(new ServeError("UNAVAILABLE", "The engine has stopped."));
    if (!this.closing) this.onLost(reason);
  }
}

function buffers(images: readonly Uint8Array[]): ArrayBuffer[] {
  return images
    .filter(({ buffer, byteLength }) => byteLength === buffer.byteLength)
    .map(({ buffer }) => buffer as ArrayBuffer);
}
