import { Duck, parquet, sqlName, sqlString } from "../../core/duck.js";
import { sha256File } from "../../core/hash.js";
import type { StageConfig } from "../config/pipeline.js";
import type { RunState } from "./run-state.js";
import { failedResult, StageStopped } from "./stage-env.js";

/** Has every input of a stage whose bytes the store has lost made again. @throws StageStopped when that fails. */
export async function makeWhole(state: RunState, stage: StageConfig): Promise<void> {
  const { trees, blobs } = state.options.store;
  for (const name of blobs.mendIndexes()) {
    const message = `the index of pack ${name} was missing or damaged and is made again`;
    state.recorder.emit({ type: "store-healed", message });
  }
  for (const ref of Object.values(stage.inputs)) {
    const hash = state.known.get(ref.stage)?.[ref.port]?.hash ?? "";
    const tree = trees.get(hash);
    if (tree && trees.missing(tree).length === 0) continue;
    await remake(state, ref.stage);
  }
}

/**
 * After a stage met a missing or damaged blob: sets it aside and has the item stage that made it run again, which
 * costs that item alone. @returns false where no stage of the pipeline is known to have made it.
 */
export async function healInput(state: RunState, stage: StageConfig, blob: string): Promise<boolean> {
  const { store } = state.options;
  const inInput = Object.values(stage.inputs).some((ref) => isPartOf(state, ref.stage, ref.port, blob));
  const maker = inInput ? undefined : await findMaker(state, stage, blob);
  if (!inInput && !maker) return false;
  const { message } = store.blobs.setAside(blob);
  state.recorder.emit({ type: "store-healed", message });
  // A file of an input needs no more: makeWhole sees that it is gone.
  if (!maker) return true;
  const fingerprint = state.fingerprints.get(maker.name);
  const space = fingerprint === undefined ? undefined : store.results.get(fingerprint)?.space;
  if (space !== undefined) store.items.strike(space, blob);
  if (fingerprint !== undefined) store.results.drop(fingerprint);
  await remake(state, maker.name);
  return true;
}

function isPartOf(state: RunState, stage: string, port: string, blob: string): boolean {
  const tree = state.options.store.trees.get(state.known.get(stage)?.[port]?.hash ?? "");
  return Object.values(tree?.entries ?? {}).some((entry) => entry.blob === blob);
}

/** The first item stage above `stage` whose output rows name the blob. */
async function findMaker(
  state: RunState,
  stage: StageConfig,
  blob: string,
): Promise<StageConfig | undefined> {
  const { pipeline, store } = state.options;
  const above = new Set<string>();
  const visit = (config: StageConfig) => {
    for (const ref of Object.values(config.inputs)) {
      above.add(ref.stage);
      const next = pipeline.stages.get(ref.stage);
      if (next) visit(next);
    }
  };
  visit(stage);
  const duck = await Duck.open({ scratch: store.taskDir(`heal.${state.runId}`) });
  try {
    for (const candidate of pipeline.stages.values()) {
      if (!above.has(candidate.name) || !candidate.kind.item) continue;
      const port = candidate.kind.outputs[0].name;
      const tree = store.trees.get(state.known.get(candidate.name)?.[port]?.hash ?? "");
      for (const entry of Object.values(tree?.entries ?? {})) {
        const columns = entry.table?.blobColumns ?? [];
        if (columns.length === 0 || !store.blobs.hasFile(entry.blob)) continue;
        if ((await sha256File(store.blobs.path(entry.blob))) !== entry.blob) {
          // Nothing can be looked up in it: made again, it may bring the blob back, and if not, the search goes on.
          const { message } = store.blobs.setAside(entry.blob);
          state.recorder.emit({ type: "store-healed", message });
          return candidate;
        }
        const where = columns.map((name) => `${sqlName(name)} = ${sqlString(blob)}`).join(" OR ");
        const table = parquet(store.blobs.path(entry.blob));
        if (await duck.value(`SELECT count(*) > 0 FROM ${table} WHERE ${where}`)) return candidate;
      }
    }
  } finally {
    duck.close();
  }
  return undefined;
}

async function remake(state: RunState, name: string): Promise<void> {
  const stage = state.options.pipeline.stages.get(name);
  if (!stage) throw new Error(`no stage ${name}`);
  const before = state.known.get(name);
  const record = await state.remake(stage);
  if (record.status !== "ran" && record.status !== "cached") {
    const why = record.failure?.message ?? record.status;
    throw new StageStopped(
      failedResult(
        `its input ${name} was lost and could not be made again: ${why}`,
        record.failure?.hint ?? "see the log of that stage",
      ),
    );
  }
  const after = state.known.get(name) ?? {};
  for (const [port, ref] of Object.entries(before ?? {})) {
    if (after[port]?.hash === ref.hash) continue;
    throw new StageStopped(
      failedResult(
        `its input ${name} was lost, and making it again gave other content`,
        "run again: what follows from the new content will run",
      ),
    );
  }
}
