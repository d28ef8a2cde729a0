import { test } from "node:test";
import { titleOf } from "../e2e/deaths.js";
import { paidScene, tryPaidDeath } from "../e2e/paid-deaths.js";
import type { Death } from "../rigs/mortal.js";
import { VisionServer } from "../rigs/vision-server.js";

test("a process dies at any write that has to do with paid answers", async (t) => {
  const server = await VisionServer.start({ delay: 30 });
  try {
    const scene = await paidScene(server);
    for (const point of scene.points) {
      const deaths: Death[] = ["before", "after"];
      if (/^write/.test(point.name)) deaths.push("torn");
      if (point.process !== "runner") deaths.push("parent");
      for (const death of deaths) {
        const trial = { ...point, death };
        await t.test(titleOf(trial), () => tryPaidDeath(scene, trial));
      }
    }
  } finally {
    await server.close();
  }
});
