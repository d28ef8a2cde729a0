import { ServeError } from "./status.js";

export interface GateLimits {
  /** Images accepted and not yet answered. */
  readonly images: number;
  /** Bytes of the requests that hold them. */
  readonly bytes: number;
}

/**
 * Lets requests in while there is room for them, so that memory and waiting stay bounded: what is let in is answered,
 * what is not is told at once.
 */
export class Gate {
  private images = 0;
  private bytes = 0;

  constructor(
    private readonly limits: GateLimits,
    /** Seconds in which the given number of images is done. */
    private readonly wait: (images: number) => number,
  ) {}

  /** Images accepted and not yet answered. */
  get waiting(): number {
    return this.images;
  }

  /**
   * Lets a request in before its body is read: it counts as one image until `hold` tells how many it has.
   *
   * @throws ServeError RESOURCE_EXHAUSTED
   */
  enter(bytes: number): Pass {
    this.check(1, bytes);
    this.images += 1;
    this.bytes += bytes;
    let held = 1;
    let open = true;
    return {
      hold: (images) => {
        this.check(images - held, 0);
        this.images += images - held;
        held = images;
      },
      leave: () => {
        if (!open) return;
        open = false;
        this.images -= held;
        this.bytes -= bytes;
      },
    };
  }

  private check(images: number, bytes: number): void {
    if (this.images + images <= this.limits.images && this.bytes + bytes <= this.limits.bytes) return;
    throw new ServeError(
      "RESOURCE_EXHAUSTED",
      `${this.images} images are waiting: try again later.`,
      Math.max(1, Math.ceil(this.wait(this.images))),
    );
  }
}

/** A request that was let in. */
export interface Pass {
  /** @throws ServeError where there is no room for so many images. */
  hold(images: number): void;
  /** May be called twice. */
  leave(): void;
}
