import { test } from "node:test";
import { titleOf, trials } from "../e2e/deaths.js";
import { paidScene, tryPaidDeath } from "../e2e/paid-deaths.js";
import { VisionServer } from "../rigs/vision-server.js";

test("a process dies at any write that has to do with paid answers: no picture is asked about twice but those in flight", async (t) => {
  const server = await VisionServer.start({ delay: 30 });
  try {
    const scene = await paidScene(server);
    for (const trial of trials(scene)) await t.test(titleOf(trial), () => tryPaidDeath(scene, trial));
  } finally {
    await server.close();
  }
});
