import { randomInt } from "node:crypto";
import { test } from "node:test";
import { killedAtMoments } from "../e2e/deaths.js";
import { embeddedScene } from "../e2e/scenes.js";

test("SIGKILL at random moments of the embedded pipeline, of the runner and of a stage host alone", async (t) => {
  const seed = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31));
  t.diagnostic(`FAULT_SEED=${seed} repeats these moments`);
  const scene = await embeddedScene();
  await killedAtMoments(scene, "runner", seed, 5);
  await killedAtMoments(scene, "host", seed, 5);
});
