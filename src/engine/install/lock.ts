import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { StageError } from "../../contract/stage.js";

/**
 * Keeps others from the same work while this process lives. The lock of a process that is gone counts for nothing.
 *
 * @returns what gives it back
 * @throws StageError where another process holds it
 */
export function takeLock(path: string): () => void {
  mkdirSync(dirname(path), { recursive: true });
  for (;;) {
    try {
      writeFileSync(path, String(process.pid), { flag: "wx" });
      return () => rmSync(path, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    const holder = holderOf(path);
    if (holder !== undefined && lives(holder)) {
      throw new StageError(`another installation is under way (process ${holder})`, {
        class: "locked",
        hint: "wait for it to end",
      });
    }
    rmSync(path, { force: true });
  }
}

/** Whether a living process holds the lock. */
export function isLocked(path: string): boolean {
  const holder = holderOf(path);
  return holder !== undefined && lives(holder);
}

function holderOf(path: string): number | undefined {
  try {
    return Number(readFileSync(path, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}

function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
