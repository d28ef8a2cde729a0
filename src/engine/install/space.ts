import { statfsSync } from "node:fs";
import { StageError } from "../../contract/stage.js";
import type { Device } from "../native/platform.js";

/** Wheel, libraries and headers together, in bytes: measured with 2.21.0 (CPU: 274 + 853 + 5 MB), rounded up. */
const NEEDED: Readonly<Record<Device, number>> = { cpu: 1.2e9, cuda: 2.5e9 };

/** @throws StageError where the disk of the folder has no room for an engine from a wheel */
export function checkSpace(folder: string, device: Device): void {
  const { bavail, bsize } = statfsSync(folder);
  const free = bavail * bsize;
  if (free < NEEDED[device])
    throw noSpace(folder, `${gigabytes(NEEDED[device])} are needed, ${gigabytes(free)} are free`);
}

/** What an error says about a full disk, or the error itself. */
export function explainFullDisk(error: unknown, folder: string): unknown {
  const full =
    (error as NodeJS.ErrnoException).code === "ENOSPC" ||
    (error instanceof StageError && /no space left on device/i.test(error.message));
  return full ? noSpace(folder, "the disk ran full") : error;
}

function noSpace(folder: string, what: string): StageError {
  return new StageError(`no room for the native engine in ${folder}: ${what}`, {
    class: "no-space",
    hint: "free some space, or set XDG_CACHE_HOME to a folder on a larger disk",
  });
}

const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
