import type { Usage } from "../../contract/stage.js";
import type { HostEvent, HostFailure, HostResult } from "../../contract/task.js";
import { describeError } from "../../core/errors.js";
import type { StageConfig } from "../config/pipeline.js";
import type { StageRecord } from "../lineage/record.js";
import type { ArtifactRef } from "../plan/plan.js";
import type { StagePlan } from "../plan/planner.js";
import { summarise } from "../plan/reasons.js";
import type { Result } from "../store/results.js";
import { halted, skipped } from "./halt.js";
import type { RunState } from "./run-state.js";
import { type Made, type StageEnv, StageStopped, stageCpus } from "./stage-env.js";
import { type Given, stageFailure, stageRecord } from "./stage-record.js";
import { keepResult, publish } from "./stage-result.js";

/** Attempts that healing may add: a damaged blob is found one at a time, so there is an end to patience. */
const HEALINGS = 20;

interface StageWish {
  /** Whether the bytes of its outputs must be in the store, or knowing their hashes is enough. */
  readonly whole: boolean;
  /** Whether it waits for free cores, or works on those of the stage that needs it. */
  readonly cores: "own" | "lent";
}

/**
 * Brings one stage about: reuses its result, waits for another run that makes it, or makes it. A failure of the stage
 * is a record, never a rejection.
 */
export function runStage(state: RunState, stage: StageConfig, wish: StageWish): Promise<StageRecord> {
  return new StageRun(state, stage, wish).settle();
}

class StageRun {
  /** When it was asked for; from when its cores were free, once they are. */
  private started = performance.now();
  private readonly notes: string[] = [];
  private usage: Usage | undefined;
  private attempts = 0;
  private healings = 0;

  constructor(
    private readonly state: RunState,
    private readonly stage: StageConfig,
    private readonly wish: StageWish,
  ) {}

  async settle(): Promise<StageRecord> {
    const { state, stage } = this;
    try {
      const plan = await state.planner.planStage(stage, state.known, this.wish.whole, (preimage) => {
        if (this.wish.cores === "own") state.early.startFor(state, stage, preimage);
      });
      const { planned } = plan;
      if (planned.status === "unknown" || planned.status === "failed")
        throw new Error(`${stage.name} was started before its inputs`);
      if (plan.result) return this.reuse(plan, "its result is in the store");
      state.options.store.requireWritable(`it has to run (${summarise(planned.reasons)})`);
      const before = state.options.store.results.get(planned.fingerprint)?.createdAt;
      const start = () => this.start(plan, planned.fingerprint, before);
      if (this.wish.cores === "lent") return await start();
      return await state.cores.use(stageCpus(stage), async () => {
        // While it waited, another stage may have failed, or the user had enough.
        const reason = halted(state);
        return reason === undefined ? start() : skipped(stage, reason);
      });
    } catch (error) {
      return this.caught(error);
    }
  }

  private caught(error: unknown): StageRecord {
    if (error instanceof StageStopped) return this.stopped(error.result, null);
    return this.stopped({ protocol: 1, status: "failed", error: describeError(error) }, null);
  }

  private start(plan: StagePlan, fingerprint: string, before: string | undefined): Promise<StageRecord> {
    const { state, stage } = this;
    this.started = performance.now();
    state.recorder.emit({
      type: "stage-started",
      stage: stage.name,
      kind: stage.kind.name,
      reasons: plan.planned.reasons,
    });
    // A failure is noted before the cores go to the next in line.
    return this.makeLocked(plan, fingerprint, before).catch((error) => this.caught(error));
  }

  /**
   * Makes the result under its lock: of several that want it, one makes it and the others wait and use it.
   *
   * @param before when the result that was there at planning was made: another one is new
   */
  private async makeLocked(
    plan: StagePlan,
    fingerprint: string,
    before: string | undefined,
  ): Promise<StageRecord> {
    const { state, stage } = this;
    const { store, signal } = state.options;
    const lock = await store.locks.acquire(`result-${fingerprint}`, {
      signal,
      onWait: (owner) => state.recorder.emit({ type: "stage-waiting", stage: stage.name, owner }),
    });
    try {
      if (store.results.get(fingerprint)?.createdAt !== before) {
        const again = await state.planner.planStage(stage, state.known, this.wish.whole);
        if (again.result) return this.reuse(again, this.makerOf(again.result));
      }
      return await this.make(plan, fingerprint);
    } finally {
      lock.release();
    }
  }

  private makerOf(result: Result): string {
    if (result.runId !== this.state.runId) return `run ${result.runId} made it at the same time`;
    return `${result.stage} of this run has the same configuration and made it`;
  }

  private async make(plan: StagePlan, fingerprint: string): Promise<StageRecord> {
    const { stage, state } = this;
    for (;;) {
      this.attempts += 1;
      this.usage = undefined;
      const result = await this.attempt(plan, fingerprint);
      if (result.status === "made") return this.made(plan, fingerprint, result.made);
      const { stopped } = result;
      if (stopped.status === "interrupted" || state.options.signal.aborted) {
        return this.stopped({ protocol: 1, status: "interrupted" }, fingerprint);
      }
      if (await this.heal(stopped.error)) continue;
      if (this.attempts - this.healings > stage.retries) return this.stopped(stopped, fingerprint);
      await this.backOff(stopped.error.message);
    }
  }

  private async attempt(
    plan: StagePlan,
    fingerprint: string,
  ): Promise<{ status: "made"; made: Made } | { status: "stopped"; stopped: StageStopped["result"] }> {
    const { state, stage } = this;
    const env: StageEnv = {
      runId: state.runId,
      options: state.options,
      executor: state.executor,
      stage,
      plan,
      fingerprint,
      inputs: this.inputs(),
      attempt: this.attempts,
      logFile: state.logFile(stage),
      early: (folder) => state.early.take(state, env, folder),
      onEvent: (event) => this.onEvent(event),
      // What is wrong with a stage is said when it is planned.
      onWorked: () => void state.early.startBelow(state, stage).catch(() => {}),
    };
    try {
      // What only a stage that runs needs is loaded here: most runs find most stages up to date.
      const { makeWhole } = await import("./heal.js");
      await makeWhole(state, stage);
      const made = stage.kind.item
        ? await (await import("./item-stage.js")).runItemStage(env)
        : await (await import("./whole-stage.js")).runWholeStage(env);
      return { status: "made", made };
    } catch (error) {
      if (error instanceof StageStopped) return { status: "stopped", stopped: error.result };
      return { status: "stopped", stopped: { protocol: 1, status: "failed", error: describeError(error) } };
    }
  }

  private inputs(): Record<string, ArtifactRef> {
    const entries = Object.entries(this.stage.inputs).map(([port, ref]) => {
      const output = this.state.known.get(ref.stage)?.[ref.port];
      if (!output) throw new Error(`${this.stage.name}: the input ${port} is not known`);
      return [port, output] as const;
    });
    return Object.fromEntries(entries);
  }

  /** A stage that met a missing or damaged blob: have it made again upstream, then try once more. */
  private async heal(error: HostFailure): Promise<boolean> {
    if (error.blob === undefined || this.healings >= HEALINGS) return false;
    const { healInput } = await import("./heal.js");
    if (!(await healInput(this.state, this.stage, error.blob))) return false;
    this.healings += 1;
    return true;
  }

  private async backOff(message: string): Promise<void> {
    const { state, stage } = this;
    const delayMs = Math.min(30_000, 500 * 2 ** (this.attempts - 1));
    state.recorder.emit({ type: "stage-retry", stage: stage.name, attempt: this.attempts, message, delayMs });
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delayMs);
      state.options.signal.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  private onEvent(event: HostEvent): void {
    const { recorder } = this.state;
    if (event.type === "progress") {
      recorder.emit({ ...event, type: "stage-progress", stage: this.stage.name });
      return;
    }
    if (event.type === "usage") {
      this.usage = { ...this.usage, ...event.figures };
      return;
    }
    this.notes.push(event.message);
    recorder.emit({ type: "stage-note", stage: this.stage.name, message: event.message });
  }

  private made(plan: StagePlan, fingerprint: string, made: Made): StageRecord {
    const durationMs = performance.now() - this.started;
    const result = keepResult(this.state, this.stage, plan, fingerprint, made, Math.round(durationMs));
    publish(this.state, this.stage, fingerprint, result.outputs);
    return this.record("ran", summarise(plan.planned.reasons), fingerprint, {
      items: made.items,
      outputs: result.outputs,
      metrics: made.metrics,
    });
  }

  private reuse(plan: StagePlan, reason: string): StageRecord {
    if (!plan.result) throw new Error("reuse without a result");
    const { fingerprint, outputs, metrics, items } = plan.result;
    if (plan.lost === undefined) publish(this.state, this.stage, fingerprint, outputs);
    const reused = items ? { ...items, processed: 0, reused: items.total } : null;
    return this.record("cached", reason, fingerprint, { items: reused, outputs, metrics });
  }

  private stopped(result: Exclude<HostResult, { status: "ok" }>, fingerprint: string | null): StageRecord {
    if (result.status === "interrupted") {
      return this.record("interrupted", "the run was interrupted", fingerprint, {});
    }
    if (this.wish.cores === "own") this.state.failed.push(this.stage.name);
    const record = this.record("failed", result.error.message, fingerprint, {});
    return { ...record, failure: stageFailure(this.state, this.stage, result.error) };
  }

  private record(
    status: StageRecord["status"],
    reason: string,
    fingerprint: string | null,
    given: Given,
  ): StageRecord {
    const { started, attempts, notes, usage } = this;
    return stageRecord(
      this.state,
      this.stage,
      { status, reason, fingerprint, started, attempts, notes, usage },
      given,
    );
  }
}
