import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { HostResult } from "../../contract/task.js";
import { checkFile } from "../../core/blobs.js";
import type { Duck } from "../../core/duck.js";
import { itemSpace, stageSeed } from "../plan/fingerprint.js";
import { ItemRows, inputTable } from "../plan/item-rows.js";
import { listedColumns, listItems, spoolListing } from "../plan/listing.js";
import { type Basis, basisOf } from "./basis.js";
import { ItemHosts } from "./item-hosts.js";
import { ItemOutputs } from "./item-outputs.js";
import { endOrphans } from "./orphans.js";
import { leaveToPay } from "./paid-items.js";
import { failedResult, type Made, rowsAhead, type StageEnv, StageStopped, taskName } from "./stage-env.js";

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
  const hosts = new ItemHosts(env, space);
  try {
    hosts.startEarly();
    const duck = await store.ducks.take(rowsAhead(env));
    try {
      return await mapItems(env, duck, space, work, hosts);
    } finally {
      await store.ducks.give(duck);
    }
  } finally {
    hosts.dismiss();
    rmSync(work, { recursive: true, force: true });
  }
}

async function mapItems(
  env: StageEnv,
  duck: Duck,
  space: string,
  work: string,
  hosts: ItemHosts,
): Promise<Made> {
  const { stage } = env;
  const { store } = env.options;
  const shape = stage.kind.item;
  if (!shape) throw new Error(`${stage.kind.name} is no item kind`);
  const rows = new ItemRows(duck, shape, store, space);
  await store.items.harvest(space, shape.columns, duck);
  const basis = basisOf(env, space);
  await openInput(env, rows, work, basis);
  const outputs = await ItemOutputs.open(duck, stage.kind, shape, store);
  await rows.loadKnown(env.plan.refresh === true);
  const processed = await rows.todoCount();
  let transientFailures = 0;
  if (processed > 0) {
    const paid = shape.paid?.(stage.params.all);
    const leave = paid && (await leaveToPay(env, paid, duck));
    let results: HostResult[];
    try {
      const folders = await hosts.prepare(rows, processed, leave?.ledger);
      results = await hosts.run(processed);
      if (results.every(({ status }) => status === "ok")) env.onWorked();
      transientFailures = await outputs.notePassing(folders);
      await store.items.commit(space, shape.columns, folders, duck);
    } finally {
      leave?.release();
    }
    const stopped = results.find((result) => result.status !== "ok");
    if (stopped) throw new StageStopped(stopped);
    await rows.loadDone();
  }
  return await finish(env, outputs, work, basis, { processed, transientFailures });
}

/** Opens the rows that are to be mapped: all, or those in which the input differs from the basis's. */
async function openInput(
  env: StageEnv,
  rows: ItemRows,
  work: string,
  basis: Basis | undefined,
): Promise<void> {
  const { stage, options, plan } = env;
  const { store, pipeline } = options;
  const port = stage.kind.item?.port;
  if (port !== undefined) {
    const table = inputTable(store, env.inputs[port]?.hash ?? "", port);
    if (!store.blobs.isFresh(table.blob))
      checkFile(table.path, table.blob, `${table.name} of the input \`${port}\``);
    return rows.openTable(table, basis?.ranges);
  }
  const listing = join(work, "listing.jsonl");
  const names = listedColumns(stage.kind, stage.params);
  const warn = (message: string) => env.onEvent({ type: "note", message });
  if (plan.listing) await plan.listing.writeTo(listing, basis?.units);
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

async function finish(
  env: StageEnv,
  tables: ItemOutputs,
  work: string,
  basis: Basis | undefined,
  counts: { readonly processed: number; readonly transientFailures: number },
): Promise<Made> {
  const rules = env.stage.kind.item?.rules?.(env.stage.params.all) ?? [];
  const { outputs, rows, refused, broken, failures } = await tables.writeOutputs(work, rules, basis);
  const failed = failures.reduce((sum, { count }) => sum + count, 0);
  const total = rows + failed;
  const { processed, transientFailures } = counts;
  if (total === 0) {
    throw new StageStopped(
      failedResult("there are no items to work on", "check the source's path and patterns"),
    );
  }
  if (failed > 0) {
    const known = failures.flatMap(({ class: name }) => env.stage.kind.item?.hints?.[name] ?? []);
    const advice = (first: string) => [first, ...known].join("; ");
    const list = failures
      .map(({ class: name, count, example }) => `${count} ${name} (${example})`)
      .join("; ");
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
    items: { total, processed, reused: Math.max(0, total - refused - processed), failed },
    transientFailures,
  };
}
