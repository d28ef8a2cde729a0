import type { TaskFile, TaskPrevious } from "../../contract/task.js";
import { canonicalJson } from "../../core/json.js";
import { differingRanges, type Earlier, type IdRange, soundParts } from "../../core/tables/parts.js";
import type { Result } from "../store/results.js";
import type { Store } from "../store/store.js";
import type { StageEnv } from "./stage-env.js";

/** The files of an artifact by name; none where the store does not know it. */
function filesOf(store: Store, hash: string): Readonly<Record<string, TaskFile>> {
  const entries = Object.entries(store.trees.get(hash)?.entries ?? {});
  return Object.fromEntries(
    entries.map(([name, { blob, table }]) => [
      name,
      { blob, path: store.blobs.path(blob), ...(table ? { table } : {}) },
    ]),
  );
}

/** What a whole stage may know of its last result. */
export function previousOf(env: StageEnv): TaskPrevious | undefined {
  const { previous, preimage } = env.plan;
  if (!previous || !preimage) return undefined;
  const files = Object.entries(previous.outputs).map(([port, { hash }]) => [
    port,
    filesOf(env.options.store, hash),
  ]);
  const alike = [previous.preimage, preimage].map(({ inputs: _, ...rest }) => canonicalJson(rest));
  const ports = alike[0] === alike[1] ? Object.keys(env.inputs) : [];
  const changed = ports.flatMap((port) => {
    const ranges = changedRanges(env, previous, port);
    return ranges ? [[port, ranges] as const] : [];
  });
  const inputs = Object.entries(previous.preimage.inputs).map(([port, value]) => {
    const hash = String(value);
    const file = onlyTable(env.options.store, hash);
    return [port, { hash, ...(file ? { file } : {}) }] as const;
  });
  return {
    files: Object.fromEntries(files),
    inputs: Object.fromEntries(inputs),
    changed: Object.fromEntries(changed),
  };
}

/** Where the rows at an input differ from those that an earlier result was made from; undefined where that is not known. */
export function changedRanges(env: StageEnv, previous: Result, port: string): readonly IdRange[] | undefined {
  const hashes = [String(previous.preimage.inputs[port]), env.inputs[port]?.hash ?? ""];
  if (hashes[0] === hashes[1]) return [];
  const [was, is] = hashes.map((hash) => soundParts(onlyTable(env.options.store, hash)?.table));
  return was && is && was.schema === is.schema ? differingRanges(was, is) : undefined;
}

/** The table of an artifact of rows. */
export function onlyTable(store: Store, hash: string): (TaskFile & Earlier) | undefined {
  const tables = Object.values(filesOf(store, hash)).flatMap(({ table, ...file }) =>
    table ? [{ ...file, table }] : [],
  );
  return tables.length === 1 ? tables[0] : undefined;
}
