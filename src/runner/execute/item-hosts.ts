import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type HostEvent, type HostResult, TASK_FILES } from "../../contract/task.js";
import { writeFileAtomic } from "../../core/files.js";
import type { ItemRows } from "../plan/item-rows.js";
import type { WaitingJob } from "./executor.js";
import { runHost } from "./host-run.js";
import {
  baseTask,
  hostControl,
  hostFolder,
  hostJob,
  rowsAhead,
  type StageEnv,
  stageCpus,
} from "./stage-env.js";

/** A host is worth starting for this many items; fewer share one. */
const ITEMS_PER_HOST = 32;

/** The hosts that share the items of one attempt of an item stage, each with a task folder. */
export class ItemHosts {
  /** Those that wait for their tasks, from the first on. */
  private early: readonly (WaitingJob | undefined)[] = [];
  private folders: readonly string[] = [];

  constructor(
    private readonly env: StageEnv,
    private readonly space: string,
  ) {}

  /**
   * Starts hosts while the tables are read: one, since nearly always there is something to do; all where nothing is known of
   * the items.
   */
  startEarly(): void {
    const { env } = this;
    const unknown = env.options.store.items.segments(this.space).length === 0;
    const count = this.count(unknown ? (rowsAhead(env) ?? 1) : 1);
    this.early = Array.from({ length: count }, (_, host) => env.early(this.folder(host)));
  }

  /** Ends those that still wait: there is nothing for them to do. */
  dismiss(): void {
    for (const waiting of this.early) waiting?.dismiss();
  }

  /** Writes a task folder for each host that will share the items. */
  async prepare(rows: ItemRows, items: number, ledger: string | undefined): Promise<readonly string[]> {
    const { env } = this;
    const hosts = this.count(items);
    const folders: string[] = [];
    for (let host = 0; host < hosts; host++) {
      const folder = this.folder(host);
      mkdirSync(folder, { recursive: true });
      await rows.writeTodo(host, hosts, join(folder, TASK_FILES.todo));
      const task = {
        ...baseTask(env, "items"),
        cpus: Math.max(1, Math.floor(stageCpus(env.stage) / hosts)),
        columns: env.stage.kind.item?.columns ?? [],
        // Items are numbered from 1 on; those of the first host are divisible.
        total: Math.floor((items + (host === 0 ? 0 : hosts - host)) / hosts),
        ...(ledger === undefined ? {} : { ledger }),
      };
      writeFileAtomic(join(folder, TASK_FILES.task), JSON.stringify(task));
      folders.push(folder);
    }
    this.folders = folders;
    return folders;
  }

  /** Has the hosts work, to their end; the worst outcome comes first. */
  async run(items: number): Promise<HostResult[]> {
    const { env, folders } = this;
    const done = folders.map(() => 0);
    // One host's failure ends the others early: what they have finished is kept.
    const failure = new AbortController();
    const control = hostControl(env);
    const signal = AbortSignal.any([control.signal, failure.signal]);
    const results = await Promise.all(
      folders.map(async (folder, host) => {
        const onEvent = (event: HostEvent) => {
          if (event.type !== "progress") return env.onEvent(event);
          done[host] = event.done;
          env.onEvent({ type: "progress", done: done.reduce((a, b) => a + b, 0), total: items });
        };
        const running = this.early[host]?.begin() ?? env.executor.start(hostJob(env, folder));
        const result = await runHost(running, folder, { ...control, signal, onEvent });
        if (result.status === "failed") failure.abort();
        return result;
      }),
    );
    return results.sort((a, b) => rank(a) - rank(b));
  }

  private folder(host: number): string {
    return hostFolder(this.env, this.space, host);
  }

  /** How many hosts share so many items. */
  private count(items: number): number {
    const { stage } = this.env;
    const most = stage.kind.item?.hosts?.(stage.params.all) ?? stageCpus(stage);
    return Math.max(1, Math.min(most, Math.ceil(items / ITEMS_PER_HOST)));
  }
}

/** A failure says more than the interruptions it caused. */
function rank(result: HostResult): number {
  return ["failed", "interrupted", "ok"].indexOf(result.status);
}
