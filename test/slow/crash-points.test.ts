import { test } from "node:test";
import { titleOf, trials, tryDeath } from "../e2e/deaths.js";
import { embeddedScene, type Scene, smallScene } from "../e2e/scenes.js";

const WHOLE_STAGES = /^host (screen|index|pack|train|eval)$/;

const SCENES: readonly (readonly [what: string, scene: () => Promise<Scene>, processes: RegExp])[] = [
  ["a run on an empty store", () => smallScene("empty"), /./],
  ["a run on a filled store", () => smallScene("filled"), /./],
  ["a stage of the embedded pipeline", embeddedScene, WHOLE_STAGES],
];

for (const [what, make, processes] of SCENES) {
  test(`${what} dies at every named write point`, async (t) => {
    const scene = await make();
    for (const trial of trials(scene)) {
      if (processes.test(trial.process)) await t.test(titleOf(trial), () => tryDeath(scene, trial));
    }
  });
}
