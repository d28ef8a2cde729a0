import { spawn } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const dist = join(root, "dist");
const stamp = join(dist, ".stamp");
const lock = join(dist, ".build-lock");
const MAIN = join(dist, "src/cli/main.js");
const SOURCES = ["src", "tools", "tsconfig.json", "package.json"];
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
    return isStale(also) ? await build(also) : undefined;
  } finally {
    rmSync(lock, { force: true });
  }
}

async function build(also) {
  // Taken before the build: what is edited while it runs is newer and builds again.
  const newest = newestSource(also);
  process.stderr.write("building…\n");
  const child = spawn(process.execPath, [join(root, "tools/build.mjs")], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  const code = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status, signal) => resolve(status ?? signal));
  });
  if (code !== 0) return `the build failed (exit ${code}); its messages stand above.`;
  // The tests' own files may be newer than what a plain `pipe` compares with: both then find a sufficient stamp.
  writeFileSync(stamp, `${newest}\n`);
  return undefined;
}

function isStale(also) {
  if (!existsSync(MAIN)) return true;
  try {
    return newestSource(also) > Number(readFileSync(stamp, "utf8"));
  } catch {
    return true;
  }
}

/** The newest modification time below the sources, ms; folders count, so that a removed or moved file is seen. */
function newestSource(also) {
  let newest = 0;
  const visit = (path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    if (!stats) return;
    newest = Math.max(newest, stats.mtimeMs);
    if (stats.isDirectory()) for (const name of readdirSync(path)) visit(join(path, name));
  };
  for (const name of [...SOURCES, ...also]) visit(join(root, name));
  return newest;
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
