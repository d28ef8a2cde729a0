import type { PlanOptions } from "../runner.js";
import type { KnownOutputs, Planner } from "./planner.js";

/** What is known of the stages before one, and the means to know more. */
export interface Surroundings {
  readonly options: PlanOptions;
  readonly planner: Planner;
  readonly known: KnownOutputs;
  /** Names of stages whose outputs' bytes are there. */
  readonly whole: ReadonlySet<string>;
}
