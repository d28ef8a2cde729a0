/** What the store found broken and set aside, one sentence each: kept until someone listens. */
export class Notices {
  private waiting: string[] = [];
  /** How many there have been. */
  count = 0;
  private listener: ((message: string) => void) | undefined;

  add(message: string): void {
    this.count += 1;
    if (this.listener) this.listener(message);
    else this.waiting.push(message);
  }

  /** Hands over what has been found so far, and from now on each thing as it is found. */
  listen(listener: (message: string) => void): void {
    this.listener = listener;
    const waiting = this.waiting;
    this.waiting = [];
    waiting.forEach(listener);
  }
}
