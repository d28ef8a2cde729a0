import assert from "node:assert/strict";
import { test } from "node:test";
import type { Death } from "../rigs/mortal.js";
import { titleOf, trials, tryDeath } from "./deaths.js";
import { smallScene } from "./scenes.js";

/** One death at each kind of write that makes something count; test/slow/crash-points.test.ts tries all there are. */
const CHOSEN: readonly (readonly [process: string, name: string, death: Death])[] = [
  ["runner", "linkSync leases/run-RUN.lock", "after"],
  ["runner", "appendFileSync runs/RUN/events.jsonl", "torn"],
  ["runner", "linkSync locks/result-HASH.lock", "after"],
  ["runner", "renameSync store/packs/NAME.idx", "after"],
  ["runner", "renameSync cache/items/HASH/NAME.json", "after"],
  ["runner", "renameSync cache/items/HASH/NAME.parquet", "after"],
  ["runner", "renameSync store/XX/REST", "before"],
  ["runner", "renameSync trees/HASH.json", "after"],
  ["runner", "writeSync results/.tmp", "torn"],
  ["runner", "renameSync results/HASH.json", "after"],
  ["runner", "renameSync latest/small/STAGE", "before"],
  ["runner", "renameSync runs/RUN/record.json", "before"],
  ["host crawl", "openSync scratch/tasks/items-HASH.RUN.crawl.1-0/items.jsonl", "before"],
  ["host resize", "writevSync scratch/tasks/items-HASH.RUN.resize.1-0/blobs.pack", "torn"],
  ["host label", "writeSync scratch/tasks/items-HASH.RUN.label.1-0/items.jsonl", "torn"],
  ["host label", "fsyncSync scratch/tasks/items-HASH.RUN.label.1-0/items.jsonl", "parent"],
  ["host own", "renameSync scratch/tasks/stage-HASH.RUN.own.1-0/result.json", "parent"],
];

test("a process of a run dies at a write: the next run has the same results, repeats nothing that was finished", async (t) => {
  const scene = await smallScene("filled");
  const all = trials(scene);
  for (const [process, name, death] of CHOSEN) {
    const trial = all.find((each) => each.process === process && each.name === name && each.death === death);
    assert.ok(trial, `no write point ${process} ${name}`);
    await t.test(titleOf(trial), () => tryDeath(scene, trial));
  }
});
