import type { StageConfig } from "../config/pipeline.js";
import type { StageRecord } from "../lineage/record.js";
import type { Recorder } from "../lineage/recorder.js";
import type { ArtifactRef } from "../plan/plan.js";
import type { Planner } from "../plan/planner.js";
import type { RunOptions } from "../runner.js";
import type { Cores } from "./cores.js";
import type { EarlyHosts } from "./early-hosts.js";
import type { Executor } from "./executor.js";

/** What the stages of one run share. */
export interface RunState {
  readonly runId: string;
  readonly options: RunOptions;
  readonly planner: Planner;
  readonly recorder: Recorder;
  readonly executor: Executor;
  readonly cores: Cores;
  readonly early: EarlyHosts;
  /** Outputs of the stages that are done, by name. */
  readonly known: Map<string, Readonly<Record<string, ArtifactRef>>>;
  /** Fingerprints of the stages that are done, by name. */
  readonly fingerprints: Map<string, string>;
  /** Names of the stages that have failed, the first first. */
  readonly failed: string[];
  /** What planning had to say of a stage (files that were left out), by name. */
  readonly warnings: ReadonlyMap<string, ReadonlySet<string>>;
  logFile(stage: StageConfig): string;
  /** Makes the outputs of a stage whole again although its result is known; one stage at a time, once for all. */
  remake(stage: StageConfig): Promise<StageRecord>;
}
