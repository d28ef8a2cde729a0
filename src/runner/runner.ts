import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import type { Registry } from "../contract/kind.js";
import type { Pipeline, StageConfig } from "./config/pipeline.js";
import type { Listener } from "./events.js";
import { Cores } from "./execute/cores.js";
import { EarlyHosts } from "./execute/early-hosts.js";
import { halted, skipped } from "./execute/halt.js";
import { localExecutor } from "./execute/local-executor.js";
import type { RunState } from "./execute/run-state.js";
import { runStage } from "./execute/stage-run.js";
import type { RunRecord, StageRecord } from "./lineage/record.js";
import { Recorder } from "./lineage/recorder.js";
import { gitState, machine } from "./lineage/surroundings.js";
import type { Plan, PlannedStage } from "./plan/plan.js";
import { Planner } from "./plan/planner.js";
import { refusalOf } from "./plan/refusal.js";
import { unsetSecrets } from "./plan/secrets.js";
import { planWhole } from "./plan/whole.js";
import { keepReserve } from "./store/reserve.js";
import type { Store } from "./store/store.js";

export interface PlanOptions {
  readonly pipeline: Pipeline;
  readonly store: Store;
  readonly registry: Registry;
  /** Stages to bring about, with all they need; empty: all. */
  readonly targets: readonly string[];
  /** Stages to run even though a result exists. */
  readonly force: readonly string[];
}

export interface RunOptions extends PlanOptions {
  /** Goes on with what does not depend on a failed stage. */
  readonly keepGoing: boolean;
  readonly listener: Listener;
  /** First abort: stop cleanly, keep finished items. */
  readonly signal: AbortSignal;
  /** Second abort: kill the stage hosts at once. */
  readonly kill: AbortSignal;
}

/** What a run would do, and why; nothing is run and nothing written but the stat cache. */
export function planPipeline(options: PlanOptions): Promise<Plan> {
  return planWhole(options);
}

/**
 * The stages that a run would come to although they cannot be carried out here, or perhaps not. Where nothing speaks against
 * any, which costs nothing to know, nothing is planned.
 */
export async function stagesInDoubt(options: PlanOptions): Promise<readonly PlannedStage[]> {
  const { pipeline, registry } = options;
  const inDoubt = (stage: StageConfig) =>
    refusalOf(pipeline, registry, stage) !== undefined || unsetSecrets(stage).length > 0;
  if (!new Planner(options, () => {}).selected().some(inDoubt)) return [];
  const { stages } = await planWhole(options);
  return stages.filter(({ refused, mayFail }) => refused ?? mayFail);
}

/** Time-sorted to the millisecond (three hexadecimal digits after the second) and unique: 20261124T214501-3f9a1c. */
function newRunId(now: Date): string {
  const time = now.toISOString().replace(/[-:]|\.\d+Z$/g, "");
  const millisecond = now.getMilliseconds().toString(16).padStart(3, "0");
  return `${time}-${millisecond}${randomBytes(2).toString("hex").slice(1)}`;
}

/**
 * Runs a pipeline. Stages start as soon as their inputs are there and cores are free; what happened is in the record
 * that is returned and kept under runs/.
 */
export async function runPipeline(options: RunOptions): Promise<RunRecord> {
  const { pipeline, store, registry, listener } = options;
  const startedAt = new Date();
  const runId = newRunId(startedAt);
  const git = gitState(pipeline.base);
  const lease = store.readOnly ? undefined : await store.leases.shared(runId, { signal: options.signal });
  try {
    if (!store.readOnly) keepReserve(store.root);
    const log = store.readOnly ? undefined : store.runs.create(runId);
    const recorder = new Recorder(
      {
        runId,
        pipeline: pipeline.name,
        file: pipeline.file,
        status: "running",
        startedAt: startedAt.toISOString(),
        durationMs: 0,
        params: pipeline.params,
        profiles: [...pipeline.profiles],
        overrides: [...pipeline.overrides],
        git: null,
        machine: machine(),
        engine: registry.impl("engine", {}),
        stages: [],
      },
      log,
      listener,
    );
    store.notices.listen((message) => recorder.emit({ type: "store-healed", message }));
    const interrupting = (message: string) => () => recorder.emit({ type: "run-interrupting", message });
    options.signal.addEventListener(
      "abort",
      interrupting("Interrupted: stages finish the items in hand and stop. Once more stops at once."),
    );
    options.kill.addEventListener("abort", interrupting("Stopping at once."));
    const warnings = new Map<string, Set<string>>();
    const planner = new Planner(options, (stage, message) => {
      const said = warnings.get(stage) ?? new Set();
      if (said.has(message)) return;
      warnings.set(stage, said.add(message));
      recorder.emit({ type: "stage-note", stage, message });
    });
    const early = new EarlyHosts();
    const remakes = new Map<string, Promise<StageRecord>>();
    const state: RunState = {
      runId,
      options,
      planner,
      recorder,
      executor: localExecutor,
      cores: new Cores(availableParallelism()),
      early,
      known: new Map(),
      fingerprints: new Map(),
      failed: [],
      warnings,
      logFile: (stage) => join(store.root, "runs", runId, "logs", `${stage.name}.log`),
      remake(stage) {
        const running = remakes.get(stage.name);
        if (running) return running;
        const work = runStage(state, stage, { whole: true, cores: "lent" })
          .then((record) => settled(state, record))
          .finally(() => remakes.delete(stage.name));
        remakes.set(stage.name, work);
        return work;
      },
    };
    const status = await runStages(state).finally(() => early.dismiss());
    return recorder.finish(status, await git, [...pipeline.stages.keys()]);
  } finally {
    lease?.release();
  }
}

function settled(state: RunState, record: StageRecord): StageRecord {
  state.early.dismiss(record.name);
  if (record.status === "ran" || record.status === "cached") {
    state.known.set(record.name, record.outputs);
    if (record.fingerprint !== null) state.fingerprints.set(record.name, record.fingerprint);
  }
  state.recorder.stageFinished(record);
  return record;
}

async function runStages(state: RunState): Promise<RunRecord["status"]> {
  const { signal } = state.options;
  const work = new Map<string, Promise<StageRecord>>();
  const bring = async (stage: StageConfig): Promise<StageRecord> => {
    const inputs = Object.values(stage.inputs).map((ref) => work.get(ref.stage));
    const before = (await Promise.all(inputs)).filter((record) => record !== undefined);
    const broken = before.find(({ status }) => status !== "ran" && status !== "cached");
    const without =
      broken && !signal.aborted
        ? `${broken.name} ${broken.status === "failed" ? "failed" : "did not run"}`
        : halted(state);
    if (without !== undefined) return settled(state, skipped(stage, without));
    return settled(state, await runStage(state, stage, { whole: state.planner.wanted(stage), cores: "own" }));
  };
  for (const stage of state.planner.selected()) work.set(stage.name, bring(stage));
  const records = await Promise.all(work.values());
  if (signal.aborted && records.some(({ status }) => status === "interrupted" || status === "skipped")) {
    return "interrupted";
  }
  return records.some(({ status }) => status === "failed") ? "failed" : "succeeded";
}
