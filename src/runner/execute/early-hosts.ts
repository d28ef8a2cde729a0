import type { StageConfig } from "../config/pipeline.js";
import { itemSpace } from "../plan/fingerprint.js";
import type { Preimage } from "../plan/plan.js";
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

  /** Starts a host for a stage of which it is known that it has to run, but not yet why. */
  startFor(state: RunState, stage: StageConfig, preimage: Preimage): void {
    const { registry, pipeline, store } = state.options;
    if (!stage.kind.item || store.readOnly) return;
    this.start(state, stage, itemSpace(registry, stage, pipeline.seed, preimage));
  }

  /** Starts a host for each stage that only waits for what `stage` is about to give: nearly always it runs then. */
  async startBelow(state: RunState, stage: StageConfig): Promise<void> {
    for (const next of state.planner.selected()) {
      if (!Object.values(next.inputs).some((ref) => ref.stage === stage.name)) continue;
      const space = await foreseenSpace(state, next);
      if (space !== undefined && !state.known.has(next.name)) this.start(state, next, space);
    }
  }

  /**
   * Starts the first host of a stage. Not where an engine would take the memory that others may need. One that cannot be
   * started ahead is started later, and then says why.
   */
  private start(state: RunState, stage: StageConfig, space: string): void {
    if (halted(state) !== undefined || stage.kind.impl?.(stage.params.all).includes("engine")) return;
    const { runId, options } = state;
    const owner = { runId, options, stage, attempt: 1, logFile: state.logFile(stage) };
    const folder = hostFolder(owner, space, 0);
    if (this.taken.has(folder) || this.ahead.has(folder) || this.ahead.size >= state.cores.total) return;
    try {
      const job = startEarly(state, owner, folder);
      if (job) this.ahead.set(folder, { stage: stage.name, job });
    } catch {}
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
