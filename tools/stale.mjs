// Whether dist/ is older than its sources. The stamp holds the newest modification time that a build has seen.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const stamp = join(root, "dist/.stamp");
const main = join(root, "dist/bundle/cli/main.js");
/** What `pipe` itself is made of. */
const SOURCES = ["src", "tools", "tsconfig.json", "package.json"];
/** What only tests and benchmarks are made of: compiled with the rest, but no reason for `pipe` to build. */
export const TEST_SOURCES = ["test", "bench"];

/** @param {readonly string[]} also folders whose files count beside the program's own */
export function isStale(also) {
  if (!existsSync(main)) return true;
  try {
    return newestSource(also) > Number(readFileSync(stamp, "utf8"));
  } catch {
    return true;
  }
}

/** The newest modification time below the sources, ms; folders count, so that a removed or moved file is seen. */
export function newestSource(also) {
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

/** Marks dist/ as built from sources of which the newest, looked up before the build, was `newest`. */
export function writeStamp(newest) {
  writeFileSync(stamp, `${newest}\n`);
}
