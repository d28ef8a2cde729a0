import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { Duck } from "../../core/duck.js";
import { StatTable } from "../../core/stat-table.js";
import type { Lock } from "./locks.js";
import { remove } from "./paths.js";
import type { Problem } from "./problem.js";
import { withReserve } from "./reserve.js";
import { statFiles } from "./stat.js";
import type { Store } from "./store.js";
import { verifyLoose, verifyPacks, verifySegments } from "./verify-blobs.js";
import { verifyPaid } from "./verify-paid.js";
import { verifyTables } from "./verify-tables.js";

export type { Problem };

export interface VerifyOptions {
  /** Takes what is broken out of use, and with it the results that cannot be served any more. */
  readonly fix: boolean;
}

/**
 * Checks the whole store: each blob's bytes against its name, each record's form, and that all they name is there.
 * Records that cannot be read are set aside even without `fix`, as on every use.
 *
 * @throws StageError of class `store-in-use` when it is to fix and a run is alive
 */
export async function* verify(store: Store, options: VerifyOptions): AsyncGenerator<Problem> {
  if (options.fix) store.requireWritable("what is broken was to be taken out of use");
  const lease: Lock | undefined = options.fix
    ? await withReserve(store.root, () => store.leases.exclusive())
    : undefined;
  const scratch = store.workFolder("verify");
  const duck = await Duck.open({ scratch });
  try {
    yield* verifyLoose(store, options.fix);
    yield* verifyPacks(store, options.fix);
    yield* verifySegments(store, options.fix);
    yield* verifyRecords(store, options.fix);
    yield* verifyTables(store, duck, scratch, options.fix);
    yield* verifyLatest(store, options.fix);
    yield* verifyStatCache(store, options.fix);
    yield* verifyPaid(store, options.fix);
  } finally {
    duck.close();
    remove(scratch);
    lease?.release();
  }
}

function* verifyRecords(store: Store, fix: boolean): Generator<Problem> {
  for (const hash of store.trees.list()) {
    const path = store.trees.path(hash);
    if (store.trees.get(hash)) continue;
    const message = `the manifest of artifact ${hash.slice(0, 12)} is damaged`;
    yield { what: "tree", path, message, fixed: !existsSync(path) };
  }
  for (const fingerprint of store.results.fingerprints()) {
    const path = store.results.path(fingerprint);
    const result = store.results.get(fingerprint);
    if (!result) {
      const message = `the result ${fingerprint.slice(0, 12)} is damaged`;
      yield { what: "result", path, message, fixed: !existsSync(path) };
      continue;
    }
    for (const [port, { hash }] of Object.entries(result.outputs)) {
      const tree = store.trees.get(hash);
      const missing = tree ? store.trees.missing(tree) : ["its manifest"];
      if (missing.length === 0) continue;
      if (fix) store.results.drop(fingerprint);
      const message = `the output ${port} of ${result.stage} (run ${result.runId}) lacks ${missing.slice(0, 3).join(", ")}`;
      yield { what: "result", path, message, fixed: fix };
      break;
    }
  }
  for (const id of store.runs.ids()) {
    const path = join(store.runs.path(id), "record.json");
    if (!existsSync(path)) continue;
    const damaged = store.notices.count;
    store.runs.get(id);
    if (store.notices.count === damaged) continue;
    yield { what: "run", path, message: `the record of run ${id} is damaged`, fixed: !existsSync(path) };
  }
}

function* verifyLatest(store: Store, fix: boolean): Generator<Problem> {
  for (const { pipeline, stage, path, fingerprint } of store.latest.entries()) {
    const shown = statSync(path, { throwIfNoEntry: false });
    // Without a state (a publication was cut short) the next run shows the stage anew.
    if (shown && (fingerprint === undefined || existsSync(store.results.path(fingerprint)))) continue;
    if (fix) store.latest.forget(pipeline, stage);
    const message = `latest/${pipeline}/${stage} shows what the store does not hold any more`;
    yield { what: "latest", path, message, fixed: fix };
  }
}

function* verifyStatCache(store: Store, fix: boolean): Generator<Problem> {
  for (const path of statFiles(join(store.root, "cache", "stat"))) {
    if (StatTable.read(path)) continue;
    if (fix) remove(path);
    yield { what: "stat-cache", path, message: "a part of the stat cache is damaged", fixed: fix };
  }
}
