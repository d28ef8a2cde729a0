import { parentPort, workerData } from "node:worker_threads";
import { StatTable } from "../../../../core/stat-table.js";
import { LookUp } from "./look-up.js";
import type { LookUpOrder } from "./look-up-thread.js";

const { root, tables } = workerData as LookUpOrder;
const files = new LookUp(root, tables.map(StatTable.over));

parentPort?.on("message", (names: string | undefined) => {
  if (names !== undefined) {
    files.add(names.split("\0"));
    return;
  }
  const units = files.done();
  parentPort?.postMessage(
    units,
    units.map(({ digests }) => digests),
  );
});
