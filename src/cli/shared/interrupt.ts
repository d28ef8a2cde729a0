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
export function onInterrupt(): Interrupt {
  const stop = new AbortController();
  const kill = new AbortController();
  const dispose = () => {
    for (const name of SIGNALS) process.off(name, handle);
  };
  const handle = () => {
    if (!stop.signal.aborted) {
      stop.abort();
      return;
    }
    dispose();
    kill.abort();
  };
  for (const name of SIGNALS) process.on(name, handle);
  return { signal: stop.signal, kill: kill.signal, dispose };
}
