import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

/** False for a process that is gone, or a zombie nobody has waited for yet (Linux). */
export function isAlive(pid: number): boolean {
  const fields = statOf(pid);
  return fields !== undefined && fields[0] !== "Z";
}

export function parentOf(pid: number): number {
  return Number(statOf(pid)?.[1]);
}

/** The fields of /proc/<pid>/stat from the state on. */
function statOf(pid: number): string[] | undefined {
  const path = `/proc/${pid}/stat`;
  if (!existsSync(path)) return undefined;
  try {
    const text = readFileSync(path, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}

/** Looks every 20 ms until something is so; fails after half a minute. */
export async function eventually(what: string, isSo: () => boolean): Promise<void> {
  for (let waited = 0; waited < 30_000; waited += 20) {
    if (isSo()) return;
    await sleep(20);
  }
  assert.fail(`after half a minute it is not so that ${what}`);
}
