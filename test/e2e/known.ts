import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Duck, parquet } from "../../src/core/duck.js";
import { Store } from "../../src/runner/store/store.js";
import type { PhotoRig } from "./rig.js";

/** How many inputs of each space have a known outcome. */
export async function knownInputs(rig: PhotoRig): Promise<Map<string, number>> {
  return new Map([...(await inputsKnown(rig, true))].map(([space, set]) => [space, set.size]));
}

/**
 * Per space, the inputs whose outcome is known: from segments, and from whole lines of logs not taken over yet.
 *
 * @param passing whether failures that may pass count, which are tried again
 */
export async function inputsKnown(rig: PhotoRig, passing: boolean): Promise<Map<string, Set<string>>> {
  const root = join(rig.folder, "artifacts");
  const inputs = new Map<string, Set<string>>();
  const of = (space: string) => inputs.get(space) ?? (inputs.set(space, new Set()).get(space) as Set<string>);
  const store = Store.open(root, { readOnly: true });
  const duck = await Duck.open({ scratch: rig.folder });
  for (const space of store.items.spaces()) {
    for (const segment of store.items.segments(space)) {
      const rows = await duck.all(`SELECT input FROM ${parquet(segment.parquet)}`);
      for (const { input } of rows) of(space).add(String(input));
    }
  }
  duck.close();
  const tasks = store.tasksDir();
  for (const name of existsSync(tasks) ? readdirSync(tasks) : []) {
    const log = join(tasks, name, "items.jsonl");
    const space = /^items-([0-9a-f]{64})\./.exec(name)?.[1];
    if (space === undefined || !existsSync(log)) continue;
    const whole = readFileSync(log, "utf8").split("\n").slice(0, -1);
    for (const line of whole) {
      const { input, transient } = JSON.parse(line);
      if (passing || !transient) of(space).add(input);
    }
  }
  return inputs;
}
