import { spawn } from "node:child_process";
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isStale } from "./stale.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");
const lock = join(dist, ".build-lock");
/** How long a lock of another machine is waited for: its owner cannot be looked at from here. */
const FOREIGN_WAIT_MS = 300_000;

/**
 * Builds dist/ when it is absent or older than its sources; processes that start together build once.
 *
 * @param {readonly string[]} also further folders whose files count as sources (the tests')
 * @returns {Promise<string | undefined>} what went wrong, as a sentence for people
 */
export async function ensureBuilt(also = []) {
  if (!isStale(also)) return undefined;
  try {
    createRequire(import.meta.url).resolve("typescript/package.json");
  } catch {
    return `dist/ has to be built, and the compiler is not installed. Run \`npm ci\` in ${root}
(without --omit=dev and with NODE_ENV other than production: the compiler is a devDependency).`;
  }
  try {
    mkdirSync(dist, { recursive: true });
    const blocked = await acquire();
    if (blocked !== undefined) return blocked;
  } catch (error) {
    return `dist/ has to be built, and it cannot be written: ${error.message}`;
  }
  try {
    // Another process may have built while this one waited for the lock.
    return isStale(also) ? await build() : undefined;
  } finally {
    rmSync(lock, { force: true });
  }
}

async function build() {
  process.stderr.write("building…\n");
  const child = spawn(process.execPath, [join(root, "tools/build.mjs")], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) => resolve(status ?? signal));
  });
  return code === 0 ? undefined : `the build failed (exit ${code}); its messages stand above.`;
}

/** Takes the build lock; a lock whose owner on this machine is gone is taken over. */
async function acquire() {
  const mine = JSON.stringify({ host: hostname(), pid: process.pid, started: processStart(process.pid) });
  for (let waited = 0; ; waited += 100) {
    try {
      writeFileSync(lock, mine, { flag: "wx" });
      return undefined;
    } catch (error) {
      if (error.code !== "EEXIST") throw error;
    }
    const held = readLock();
    if (held !== undefined && isDead(held, waited)) remove(held);
    else if (waited > FOREIGN_WAIT_MS) {
      return `another process builds dist/ for more than ${FOREIGN_WAIT_MS / 60_000} minutes (${held}). If it is gone, remove ${lock}`;
    } else await sleep(100);
  }
}

function readLock() {
  try {
    return readFileSync(lock, "utf8");
  } catch {
    return undefined;
  }
}

function isDead(text, waited) {
  let owner;
  try {
    owner = JSON.parse(text);
  } catch {
    // Its writer was killed between creating and filling it, or is doing that just now.
    return waited > 2000;
  }
  if (owner.host !== hostname()) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    return error.code === "ESRCH";
  }
  return processStart(owner.pid) !== owner.started;
}

/** When a process started, in clock ticks since boot, where /proc tells it: a reused pid is then not its old owner. */
function processStart(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? null;
  } catch {
    return null;
  }
}

/** Removes a dead owner's lock, and only that: of two that try, the loser may have caught the winner's new lock. */
function remove(dead) {
  const aside = `${lock}.${process.pid}`;
  try {
    renameSync(lock, aside);
    if (readFileSync(aside, "utf8") !== dead) linkSync(aside, lock);
  } catch (error) {
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
