import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HostEvent, HostResult } from "../../contract/task.js";
import { TASK_FILES } from "../../contract/task.js";
import { checkFile } from "../../core/blobs.js";
import { Duck } from "../../core/duck.js";
import { writeFileAtomic } from "../../core/files.js";
import { itemSpace, stageSeed } from "../plan/fingerprint.js";
import { ItemRows, inputTable } from "../plan/item-rows.js";
import { listedColumns, listItems, spoolListing } from "../plan/listing.js";
import type { WaitingJob } from "./executor.js";
import { runHost } from "./host-run.js";
import { ItemOutputs } from "./item-outputs.js";
import { endOrphans } from "./orphans.js";
import { leaveToPay } from "./paid-items.js";
import {
  baseTask,
  failedResult,
  hostControl,
  hostJob,
  type Made,
  type StageEnv,
  StageStopped,
  stageCpus,
  taskName,
} from "./stage-env.js";

/** A host is worth starting for this many items; fewer share one. */
const ITEMS_PER_HOST = 32;

/**
 * Runs an item stage: what the item cache knows is joined, the rest is split over stage hosts; finished items are
 * kept whatever happens. @throws StageStopped
 */
export async function runItemStage(env: StageEnv): Promise<Made> {
  const { stage, options } = env;
  const { store, registry, pipeline } = options;
  if (!env.plan.preimage) throw new Error(`${stage.name} runs without a preimage`);
  const space = itemSpace(registry, stage, pipeline.seed, env.plan.preimage);
  const work = store.taskDir(taskName(env, `table-${env.fingerprint}`, 0));
  mkdirSync(work, { recursive: true });
  await endOrphans(store, `items-${space}`);
  let early: WaitingJob | undefined;
  try {
    const opening = Duck.open({ scratch: work });
    early = startEarly(env, space);
    const duck = await opening;
    try {
      return await mapItems(env, duck, space, work, early);
    } finally {
      duck.close();
    }
  } finally {
    early?.dismiss();
    rmSync(work, { recursive: true, force: true });
  }
}

async function mapItems(
  env: StageEnv,
  duck: Duck,
  space: string,
  work: string,
  early: WaitingJob | undefined,
): Promise<Made> {
  const { stage } = env;
  const { store } = env.options;
  const shape = stage.kind.item;
  if (!shape) throw new Error(`${stage.kind.name} is no item kind`);
  const rows = new ItemRows(duck, shape, store, space);
  await store.items.harvest(space, shape.columns, duck);
  await openInput(env, rows, work);
  const outputs = await ItemOutputs.open(duck, stage.kind, shape, store);
  await rows.loadKnown(env.plan.refresh === true);
  const processed = await rows.todoCount();
  let transientFailures = 0;
  if (processed > 0) {
    const paid = shape.paid?.(stage.params.all);
    const leave = paid && (await leaveToPay(env, paid, duck));
    let results: HostResult[];
    try {
      const folders = await prepareHosts(env, rows, space, processed, leave?.ledger);
      results = await runHosts(env, folders, early, processed);
      transientFailures = await outputs.notePassing(folders);
      await store.items.commit(space, shape.columns, folders, duck);
    } finally {
      leave?.release();
    }
    const stopped = results.find((result) => result.status !== "ok");
    if (stopped) throw new StageStopped(stopped);
    await rows.loadDone();
  }
  return await finish(env, outputs, work, { processed, transientFailures });
}

/**
 * Starts the first host while the tables are read: nearly always there is something to do. Not where it is given
 * secrets, which it must take out of its environment before it loads anything: it learns their names from its task.
 */
function startEarly(env: StageEnv, space: string): WaitingJob | undefined {
  if (env.stage.secrets.length > 0) return undefined;
  return env.executor.startEarly?.(hostJob(env, hostFolder(env, space, 0)), env.stage.kind.module);
}

function hostFolder(env: StageEnv, space: string, host: number): string {
  return env.options.store.taskDir(taskName(env, `items-${space}`, host));
}

async function openInput(env: StageEnv, rows: ItemRows, work: string): Promise<void> {
  const { stage, options, plan } = env;
  const { store, pipeline } = options;
  const port = stage.kind.item?.port;
  if (port !== undefined) {
    const { path, name, blob } = inputTable(store, env.inputs[port]?.hash ?? "", port);
    checkFile(path, blob, `${name} of the input \`${port}\``);
    return rows.openTable(path);
  }
  const listing = join(work, "listing.jsonl");
  const names = listedColumns(stage.kind, stage.params);
  const warn = (message: string) => env.onEvent({ type: "note", message });
  if (plan.listing) await plan.listing.writeTo(listing);
  else if (stage.kind.list) {
    const items = await listItems(stage, stage.kind.list, {
      seed: stageSeed(pipeline.seed, stage),
      base: pipeline.base,
      store,
      scratch: join(work, "listing"),
      signal: options.signal,
      warn,
    });
    await spoolListing(items, names, listing);
  }
  const twice = await rows.openListing(listing, names);
  if (twice > 0)
    warn(
      `left out ${twice === 1 ? "an item" : `${twice} items`} with the id of one before: the first counts`,
    );
}

/** Writes a task folder for each host that will share the items. */
async function prepareHosts(
  env: StageEnv,
  rows: ItemRows,
  space: string,
  count: number,
  ledger: string | undefined,
): Promise<readonly string[]> {
  const { stage } = env;
  const most = stage.kind.item?.hosts?.(stage.params.all) ?? stageCpus(stage);
  const hosts = Math.max(1, Math.min(most, Math.ceil(count / ITEMS_PER_HOST)));
  const folders: string[] = [];
  for (let host = 0; host < hosts; host++) {
    const folder = hostFolder(env, space, host);
    mkdirSync(folder, { recursive: true });
    const total = await rows.writeTodo(host, hosts, join(folder, TASK_FILES.todo));
    const task = {
      ...baseTask(env, "items"),
      cpus: Math.max(1, Math.floor(stageCpus(stage) / hosts)),
      columns: stage.kind.item?.columns ?? [],
      total,
      ...(ledger === undefined ? {} : { ledger }),
    };
    writeFileAtomic(join(folder, TASK_FILES.task), JSON.stringify(task));
    folders.push(folder);
  }
  return folders;
}

async function runHosts(
  env: StageEnv,
  folders: readonly string[],
  early: WaitingJob | undefined,
  total: number,
): Promise<HostResult[]> {
  const done = folders.map(() => 0);
  // One host's failure ends the others early: what they have finished is kept.
  const failure = new AbortController();
  const control = hostControl(env);
  const signal = AbortSignal.any([control.signal, failure.signal]);
  return Promise.all(
    folders.map(async (folder, host) => {
      const onEvent = (event: HostEvent) => {
        if (event.type !== "progress") return env.onEvent(event);
        done[host] = event.done;
        env.onEvent({ type: "progress", done: done.reduce((a, b) => a + b, 0), total });
      };
      const running = host === 0 && early ? early.begin() : env.executor.start(hostJob(env, folder));
      const result = await runHost(running, folder, { ...control, signal, onEvent });
      if (result.status === "failed") failure.abort();
      return result;
    }),
  ).then((results) => results.sort((a, b) => rank(a) - rank(b)));
}

/** A failure says more than the interruptions it caused. */
function rank(result: HostResult): number {
  return ["failed", "interrupted", "ok"].indexOf(result.status);
}

async function finish(
  env: StageEnv,
  tables: ItemOutputs,
  work: string,
  counts: { readonly processed: number; readonly transientFailures: number },
): Promise<Made> {
  const rules = env.stage.kind.item?.rules?.(env.stage.params.all) ?? [];
  const { outputs, worked, failed, broken } = await tables.writeOutputs(work, rules);
  const rows = outputs[env.stage.kind.outputs[0].name]?.rows ?? 0;
  const total = rows + failed;
  const { processed, transientFailures } = counts;
  if (total === 0) {
    throw new StageStopped(
      failedResult("there are no items to work on", "check the source's path and patterns"),
    );
  }
  if (failed > 0) {
    const classes = await tables.failureClasses();
    const known = classes.flatMap(({ class: name }) => env.stage.kind.item?.hints?.[name] ?? []);
    const advice = (first: string) => [first, ...known].join("; ");
    const list = classes.map(({ class: name, count, example }) => `${count} ${name} (${example})`).join("; ");
    if (rows === 0) {
      throw new StageStopped(
        failedResult(
          `all ${total} items failed: ${list}`,
          advice("a stage without any output row is taken for broken"),
        ),
      );
    }
    const most = env.stage.kind.item?.maxFailures?.(env.stage.params.all);
    if (most !== undefined && broken > (most < 1 ? most * total : most)) {
      const hint = advice("what was made is kept; look what is wrong, or raise max_failures");
      throw new StageStopped(failedResult(`${broken} of ${total} items failed: ${list}`, hint));
    }
    env.onEvent({ type: "note", message: `${failed} of ${total} items set aside: ${list}` });
  }
  return {
    outputs,
    metrics: {},
    items: { total, processed, reused: Math.max(0, worked - processed), failed },
    transientFailures,
  };
}
