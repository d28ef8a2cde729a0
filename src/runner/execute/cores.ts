/** Hands out a fixed number of cores, first come, first served. */
export class Cores {
  private free: number;
  private readonly waiting: { readonly cores: number; readonly start: () => void }[] = [];

  constructor(readonly total: number) {
    this.free = total;
  }

  /** Runs `work` once that many cores are free; a wish for more than there are means all. */
  async use<T>(cores: number, work: () => Promise<T>): Promise<T> {
    const wanted = Math.min(cores, this.total);
    await new Promise<void>((start) => {
      this.waiting.push({ cores: wanted, start });
      this.startNext();
    });
    try {
      return await work();
    } finally {
      this.free += wanted;
      this.startNext();
    }
  }

  private startNext(): void {
    for (let next = this.waiting[0]; next && next.cores <= this.free; next = this.waiting[0]) {
      this.waiting.shift();
      this.free -= next.cores;
      next.start();
    }
  }
}
