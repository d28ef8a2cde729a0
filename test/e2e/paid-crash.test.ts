import assert from "node:assert/strict";
import { test } from "node:test";
import type { Death } from "../rigs/mortal.js";
import { VisionServer } from "../rigs/vision-server.js";
import { titleOf } from "./deaths.js";
import { paidScene, tryPaidDeath } from "./paid-deaths.js";

const LOG = "scratch/tasks/items-HASH.RUN.label.1-0/answers.jsonl";

/** Around each step of an answer's way to paid/; test/slow/paid-crash.test.ts tries every write. */
const CHOSEN: readonly (readonly [process: string, name: string, nth: number, death: Death])[] = [
  ["host label", `writeSync ${LOG}`, 2, "after"],
  ["host label", `writeSync ${LOG}`, 5, "torn"],
  ["host label", `fsyncSync ${LOG}`, 6, "parent"],
  ["runner", "renameSync paid/HASH/NAME.jsonl", 1, "before"],
  ["runner", "renameSync paid/HASH/NAME.jsonl", 1, "after"],
];

test("a process dies on an answer's way to paid/: no picture is asked about twice but those in flight, which are named", async (t) => {
  const server = await VisionServer.start({ delay: 30 });
  try {
    const scene = await paidScene(server);
    for (const [process, name, nth, death] of CHOSEN) {
      const point = scene.points.find(
        (each) => each.process === process && each.name === name && each.nth === nth,
      );
      assert.ok(point, `no write point ${process} ${name} ${nth}: ${JSON.stringify(scene.points)}`);
      const trial = { ...point, death };
      await t.test(titleOf(trial), () => tryPaidDeath(scene, trial));
    }
  } finally {
    await server.close();
  }
});
