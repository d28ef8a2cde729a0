import type { Listener, RunEvent, StoredEvent } from "../events.js";
import type { RunLog } from "../store/runs.js";
import type { RunRecord, StageRecord } from "./record.js";

/** Keeps a run's record as it happens: every event goes to events.jsonl and the listener, the record grows along. */
export class Recorder {
  private readonly started = performance.now();
  private record: RunRecord;
  private incomplete = false;

  constructor(
    initial: RunRecord,
    private readonly log: RunLog | undefined,
    private readonly listener: Listener,
  ) {
    this.record = initial;
    this.emit({ type: "run-started", record: initial });
  }

  emit(event: RunEvent): void {
    if (event.type !== "stage-progress") this.keep({ ...event, at: new Date().toISOString() });
    this.listener(event);
  }

  /** A log that cannot be written (a full disk) is said once, and is no reason to end the stages under way. */
  private keep(event: StoredEvent): void {
    try {
      this.log?.append(event);
    } catch (error) {
      if (!this.incomplete) {
        const message = `the events of this run are not kept: ${(error as Error).message}`;
        this.listener({ type: "store-healed", message });
      }
      this.incomplete = true;
    }
  }

  /** A stage that is made again (healing) replaces what was recorded of it. */
  stageFinished(stage: StageRecord): void {
    const others = this.record.stages.filter(({ name }) => name !== stage.name);
    this.record = { ...this.record, stages: [...others, stage] };
    this.emit({ type: "stage-finished", stage });
  }

  /** Closes the record, with the stages in pipeline order, and writes it last of all. */
  finish(status: RunRecord["status"], git: RunRecord["git"], order: readonly string[]): RunRecord {
    const stages = this.record.stages.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
    const durationMs = Math.round(performance.now() - this.started);
    this.record = { ...this.record, status, git, stages, durationMs };
    this.emit({ type: "run-finished", record: this.record });
    this.log?.finish(this.record);
    return this.record;
  }
}
