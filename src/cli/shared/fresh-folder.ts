import { mkdirSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/** Fills a folder that is there as a whole or not at all. Nothing but an empty folder may stand in its place. */
export async function intoFresh<T>(target: string, fill: (folder: string) => Promise<T>): Promise<T> {
  mkdirSync(dirname(target), { recursive: true });
  const draft = mkdtempSync(join(dirname(target), `.${basename(target)}-`));
  const clean = () => rmSync(draft, { recursive: true, force: true });
  const leave = (signal: NodeJS.Signals) => {
    clean();
    process.kill(process.pid, signal);
  };
  process.once("SIGINT", leave).once("SIGTERM", leave);
  try {
    // The draft is its owner's alone; a folder in it is for those whom the umask lets read.
    const folder = join(draft, "whole");
    mkdirSync(folder);
    const result = await fill(folder);
    renameSync(folder, target);
    return result;
  } finally {
    clean();
    process.off("SIGINT", leave).off("SIGTERM", leave);
  }
}
