import type { StageConfig } from "../config/pipeline.js";
import { itemSpace } from "../plan/fingerprint.js";
import type { WaitingJob } from "./executor.js";
import { halted } from "./halt.js";
import type { RunState } from "./run-state.js";
import { type HostOwner, hostFolder, hostJob } from "./stage-env.js";

/**
 * Hosts of item stages that wait for their tasks: they load meanwhile what the work needs. There is never more than one
 * for a task folder.
 */
export class EarlyHosts {
  /** Hosts of stages that have not begun, by task folder. */
  private readonly ahead = new Map<string, { readonly stage: string; readonly job: WaitingJob }>();
  /** Task folders that have been asked for. */
  private readonly taken = new Set<string>();

  /** The host that waits for a task folder, started if need be; undefined where one may not be started early. */
  take(state: RunState, owner: HostOwner, folder: string): WaitingJob | undefined {
    this.taken.add(folder);
    const waiting = this.ahead.get(folder);
    this.ahead.delete(folder);
    return waiting?.job ?? startEarly(state, owner, folder);
  }

  /**
   * Starts a host for each stage that only waits for what `stage` is about to give: nearly always it runs then. Not where
   * an engine would take the memory that others may need.
   */
  async startBelow(state: RunState, stage: StageConfig): Promise<void> {
    for (const next of state.planner.selected()) {
      if (!Object.values(next.inputs).some((ref) => ref.stage === stage.name)) continue;
      if (next.kind.impl?.(next.params.all).includes("engine")) continue;
      const space = await foreseenSpace(state, next);
      if (space === undefined || halted(state) !== undefined || state.known.has(next.name)) continue;
      const owner = {
        runId: state.runId,
        options: state.options,
        stage: next,
        attempt: 1,
        logFile: state.logFile(next),
      };
      const folder = hostFolder(owner, space, 0);
      if (this.taken.has(folder) || this.ahead.has(folder) || this.ahead.size >= state.cores.total) continue;
      const job = startEarly(state, owner, folder);
      if (job) this.ahead.set(folder, { stage: next.name, job });
    }
  }

  /** Ends the hosts that wait for a stage, or for any: it will not begin any more. */
  dismiss(stage?: string): void {
    for (const [folder, waiting] of this.ahead) {
      if (stage !== undefined && waiting.stage !== stage) continue;
      waiting.job.dismiss();
      this.ahead.delete(folder);
    }
  }
}

/** The item space of a stage that has not been planned; undefined where more than its input table is still to be known. */
async function foreseenSpace(
  { planner, options }: RunState,
  stage: StageConfig,
): Promise<string | undefined> {
  const { registry, pipeline } = options;
  const port = stage.kind.item?.port;
  if (port === undefined || Object.keys(stage.inputs).some((name) => name !== port)) return undefined;
  const { identity } = await planner.identity(stage);
  const preimage = { inputs: {}, ...(identity === undefined ? {} : { identity }) };
  return itemSpace(registry, stage, pipeline.seed, preimage);
}

/**
 * Not where the host is given secrets, which it must take out of its environment before it loads anything: it learns
 * their names from its task.
 */
function startEarly(state: RunState, owner: HostOwner, folder: string): WaitingJob | undefined {
  const { kind, params, secrets } = owner.stage;
  if (secrets.length > 0) return undefined;
  const modules = [kind.module, ...(kind.loads?.(params.all) ?? [])];
  return state.executor.startEarly?.(hostJob(owner, folder), modules);
}
