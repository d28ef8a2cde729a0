import { ServeError } from "./status.js";

/** Scores in [0, 1], [tags] for each of the images, RGB bytes of the student's size. */
export type PredictBatch = (images: readonly Uint8Array[]) => Promise<readonly Float32Array[]>;

interface Job {
  readonly pixels: Uint8Array;
  readonly signal: AbortSignal;
  readonly done: (scores: Float32Array) => void;
  readonly failed: (error: unknown) => void;
}

/** How much of the newest measurement the estimate of the speed takes. */
const FRESH = 0.2;

/**
 * Gathers images of concurrent requests into one forward pass: an idle engine takes what there is at once; what comes
 * while it computes makes up the next batch. So a lone request never waits for company.
 */
export class Batcher {
  private readonly waiting: Job[] = [];
  private busy = false;
  private msPerImage = 0;

  constructor(
    private readonly run: PredictBatch,
    private readonly largest: number,
    private readonly onBatch: (images: number, ms: number) => void,
  ) {}

  /** Seconds in which so many images are likely to be done. */
  seconds(images: number): number {
    return (images * this.msPerImage) / 1000;
  }

  /**
   * The scores of an image, [tags].
   *
   * @param signal aborted when nobody waits for them any more: an image not yet begun is left out
   * @throws ServeError where it was not computed
   */
  predict(pixels: Uint8Array, signal: AbortSignal): Promise<Float32Array> {
    return new Promise((done, failed) => {
      signal.addEventListener("abort", () => failed(signal.reason), { once: true });
      this.waiting.push({ pixels, signal, done, failed });
      void this.work();
    });
  }

  private async work(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    // What this turn of the event loop has decoded goes along.
    await new Promise(setImmediate);
    for (let jobs = this.next(); jobs.length > 0; jobs = this.next()) await this.compute(jobs);
    this.busy = false;
  }

  private next(): Job[] {
    const jobs: Job[] = [];
    while (jobs.length < this.largest && this.waiting.length > 0) {
      const job = this.waiting.shift()!;
      if (!job.signal.aborted) jobs.push(job);
    }
    return jobs;
  }

  private async compute(jobs: readonly Job[]): Promise<void> {
    const start = performance.now();
    try {
      const scores = await this.run(jobs.map(({ pixels }) => pixels));
      for (const [i, job] of jobs.entries()) job.done(scores[i]!);
      const ms = performance.now() - start;
      this.onBatch(jobs.length, ms);
      const each = ms / jobs.length;
      this.msPerImage = this.msPerImage === 0 ? each : this.msPerImage + FRESH * (each - this.msPerImage);
    } catch (error) {
      const reason =
        error instanceof ServeError
          ? error
          : new ServeError("INTERNAL", `the engine failed: ${String(error)}`);
      for (const { failed } of jobs) failed(reason);
    }
  }
}
