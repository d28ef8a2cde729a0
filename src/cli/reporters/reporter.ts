import type { Listener } from "../../runner/events.js";

/** Shows a run as it happens. */
export interface Reporter {
  readonly listener: Listener;
  /** After the run: paints what is left and gives the terminal back. */
  close(): Promise<void>;
}

/** Shows nothing. */
export const silent: Reporter = { listener: () => {}, close: async () => {} };
