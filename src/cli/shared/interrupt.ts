const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** What a run watches to be stopped. */
export interface Interrupt {
  readonly signal: AbortSignal;
  readonly kill: AbortSignal;
  dispose(): void;
}

/**
 * The first SIGINT or SIGTERM aborts `signal`, the second `kill`; a third finds the process without a handler and ends
 * it, whatever it is stuck in.
 */
export function onInterrupt(say: (message: string) => void): Interrupt {
  const stop = new AbortController();
  const kill = new AbortController();
  const dispose = () => {
    for (const name of SIGNALS) process.off(name, handle);
  };
  const handle = () => {
    if (!stop.signal.aborted) {
      say("Interrupted: stages finish the items in hand and stop. Once more stops at once.");
      stop.abort();
      return;
    }
    say("Stopping at once.");
    dispose();
    kill.abort();
  };
  for (const name of SIGNALS) process.on(name, handle);
  return { signal: stop.signal, kill: kill.signal, dispose };
}
