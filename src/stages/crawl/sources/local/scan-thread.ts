import { parentPort, workerData } from "node:worker_threads";
import { StatTable } from "../../../../core/stat-table.js";
import type { LocalSource } from "../../schema.js";
import { type Share, scan } from "./scan.js";

/** What a thread is to scan. */
export interface ScanOrder {
  readonly root: string;
  readonly source: LocalSource;
  readonly share: Share;
  readonly tables: readonly SharedArrayBuffer[];
}

const { root, source, share, tables } = workerData as ScanOrder;
const done = await scan(root, source, share, tables.map(StatTable.over));
parentPort?.postMessage(
  done,
  done.units.map(({ digests }) => digests),
);
