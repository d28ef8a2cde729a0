/**
 * Where the time of learning goes, milliseconds on the monotonic clock: waiting for batches (reading, decoding,
 * augmenting) or computing. What is neither, such as validation or writing a snapshot, is left out by `pause`.
 */
export class Watch {
  private mark = performance.now();
  private waiting = 0;
  private computing = 0;
  private images = 0;
  private prepared = 0;

  /**
   * A batch is there: the time since the last call went into getting it.
   *
   * @param preparing all time so far that went into what is kept for later epochs, milliseconds: it is no waiting
   */
  gotBatch(preparing = 0): void {
    this.waiting += Math.max(0, this.lap() - (preparing - this.prepared));
    this.prepared = preparing;
  }

  /** A step of so many images is done. */
  learned(images: number): void {
    this.computing += this.lap();
    this.images += images;
  }

  pause(): void {
    this.lap();
  }

  /** The part of the time that went by without computing, 0 to 1. */
  get waitShare(): number {
    return this.waiting / Math.max(1, this.milliseconds);
  }

  get imagesPerSecond(): number {
    return this.speedSince({ images: 0, milliseconds: 0 });
  }

  /** What has been done so far, for `speedSince`. */
  get reading(): Reading {
    return { images: this.images, milliseconds: this.milliseconds };
  }

  /** Images a second since a reading. */
  speedSince({ images, milliseconds }: Reading): number {
    return ((this.images - images) / Math.max(1, this.milliseconds - milliseconds)) * 1000;
  }

  private get milliseconds(): number {
    return this.waiting + this.computing;
  }

  private lap(): number {
    const now = performance.now();
    const took = now - this.mark;
    this.mark = now;
    return took;
  }
}

interface Reading {
  readonly images: number;
  readonly milliseconds: number;
}
