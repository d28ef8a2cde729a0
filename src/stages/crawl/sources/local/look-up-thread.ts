import { Worker } from "node:worker_threads";
import type { Unit } from "./unit-files.js";

/** What a thread is told when it starts. */
export interface LookUpOrder {
  readonly root: string;
  readonly tables: readonly SharedArrayBuffer[];
}

/** A LookUp in a thread of its own. */
export class LookUpThread {
  private readonly thread: Worker;
  private readonly units: Promise<Unit[]>;

  constructor(root: string, tables: readonly SharedArrayBuffer[]) {
    const workerData: LookUpOrder = { root, tables };
    this.thread = new Worker(new URL("./look-up-worker.js", import.meta.url), { workerData });
    this.units = new Promise((resolve, reject) => {
      this.thread.once("message", resolve);
      this.thread.once("error", reject);
      this.thread.once("exit", () => reject(new Error("a thread that looked files up ended early")));
    });
    // An early end is met by who asks for the units.
    this.units.catch(() => {});
  }

  add(names: readonly string[]): void {
    // To copy one text into the thread is far cheaper than to copy an array of texts.
    this.thread.postMessage(names.join("\0"));
  }

  /** @throws what has ended the thread early */
  done(): Promise<Unit[]> {
    this.thread.postMessage(undefined);
    return this.units;
  }

  stop(): void {
    void this.thread.terminate();
  }
}
