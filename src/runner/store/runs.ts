import { appendFileSync, existsSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { StageError } from "../../core/errors.js";
import { writeFileAtomic } from "../../core/files.js";
import { isJsonObject } from "../../core/json.js";
import type { StoredEvent } from "../events.js";
import type { RunRecord, StageRecord } from "../lineage/record.js";
import type { Leases } from "./leases.js";
import type { Notices } from "./notices.js";
import { moveToDamaged, namesIn, parseJson, textOf } from "./paths.js";
import { liveness, ownIdentity, readIdentity } from "./process.js";

const EVENTS = "events.jsonl";
const RECORD = "record.json";
const OWNER = "owner.json";

/** The log of a run that is under way. */
export class RunLog {
  constructor(private readonly folder: string) {}

  /** Appends an event. Not fsynced: a power cut may cost the last lines of a log, never a result. */
  append(event: StoredEvent): void {
    appendFileSync(join(this.folder, EVENTS), `${JSON.stringify(event)}\n`);
  }

  /** Writes the record that ends the run. */
  finish(record: RunRecord): void {
    writeFileAtomic(join(this.folder, RECORD), `${JSON.stringify(record, undefined, 1)}\n`);
  }
}

/** The runs of a store: runs/<run id>/{events.jsonl,record.json,logs/}. */
export class Runs {
  readonly folder: string;

  constructor(
    private readonly root: string,
    private readonly readOnly: boolean,
    private readonly leases: Leases,
    private readonly notices: Notices,
  ) {
    this.folder = join(root, "runs");
  }

  /** Opens the log of a new run. */
  create(runId: string): RunLog {
    const folder = this.path(runId);
    mkdirSync(join(folder, "logs"), { recursive: true });
    writeFileAtomic(join(folder, OWNER), `${JSON.stringify(ownIdentity())}\n`);
    return new RunLog(folder);
  }

  /** Ids of all runs, oldest first (an id starts with its time). */
  ids(): string[] {
    return namesIn(this.folder).filter((id) => this.exists(id));
  }

  /** All records, oldest first, without those that cannot be read. */
  *list(): Generator<RunRecord> {
    for (const id of this.ids()) {
      const record = this.record(id);
      if (record) yield record;
    }
  }

  /**
   * The record of a run, by its id or the beginning of it.
   *
   * @throws StageError where several ids begin so
   */
  get(idOrPrefix: string): RunRecord | undefined {
    // Asked for each of many runs by gc and verify: a whole id must not cost a look at all others.
    if (basename(idOrPrefix) === idOrPrefix && this.exists(idOrPrefix)) return this.record(idOrPrefix);
    const matches = this.ids().filter((id) => id.startsWith(idOrPrefix));
    const [only, another] = matches;
    if (only === undefined || idOrPrefix === "") return undefined;
    if (another === undefined) return this.record(only);
    throw new StageError(`several runs begin with ${idOrPrefix}: ${matches.slice(0, 5).join(", ")}`, {
      hint: "give more of the run's id",
    });
  }

  path(runId: string): string {
    return join(this.folder, runId);
  }

  logsDir(runId: string): string {
    return join(this.path(runId), "logs");
  }

  private exists(id: string): boolean {
    return existsSync(join(this.path(id), EVENTS));
  }

  private record(id: string): RunRecord | undefined {
    const path = join(this.path(id), RECORD);
    const text = textOf(path);
    if (text !== undefined) {
      const value = parseJson(text);
      if (isRecord(value)) return value;
      this.notices.add(`the record of run ${id} was damaged and is set aside; it is read from its events`);
      if (!this.readOnly) moveToDamaged(this.root, path);
    }
    return this.fromEvents(id);
  }

  /** The record of a run that has none: still under way, or ended without writing it. */
  private fromEvents(id: string): RunRecord | undefined {
    const lines = textOf(join(this.path(id), EVENTS))?.split("\n") ?? [];
    let record: RunRecord | undefined;
    let last: string | undefined;
    const stages = new Map<string, StageRecord>();
    for (const line of lines) {
      // The last line of a killed run may be torn.
      const value = parseJson(line);
      if (!isJsonObject(value)) continue;
      const event = value as unknown as StoredEvent;
      last = event.at;
      if (event.type === "run-started" || event.type === "run-finished") record = event.record;
      if (event.type === "stage-finished") stages.set(event.stage.name, event.stage);
    }
    if (record?.status !== "running") return record;
    const durationMs = Math.max(0, Date.parse(last ?? record.startedAt) - Date.parse(record.startedAt));
    const status = this.isLive(id) ? "running" : "crashed";
    return { ...record, status, durationMs, stages: [...stages.values()] };
  }

  private isLive(id: string): boolean {
    const owner = readIdentity(parseJson(textOf(join(this.path(id), OWNER)) ?? ""));
    const state = owner ? liveness(owner) : "elsewhere";
    return state === "elsewhere" ? this.leases.isLive(id) : state === "alive";
  }
}

function isRecord(value: unknown): value is RunRecord {
  const record = value as Partial<RunRecord> | undefined | null;
  return (
    typeof record === "object" &&
    typeof record?.runId === "string" &&
    typeof record.status === "string" &&
    Array.isArray(record.stages)
  );
}
