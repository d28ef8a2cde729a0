// Compiles to dist/, generates the validators of pipeline files there, and bundles what `pipe` runs. bin/pipe.js and `npm run build`
// call it; `npm run package` does with --for-package.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { newestSource, TEST_SOURCES, writeStamp } from "./stale.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Runs a Node program with our output on stderr: stdout belongs to what `pipe` prints. */
function node(...args) {
  const { status, signal, error } = spawnSync(process.execPath, args, { cwd: root, stdio: ["ignore", 2, 2] });
  if (error) throw error;
  if (status !== 0) {
    process.stderr.write(
      `the build failed: node ${args.join(" ")} ended with ${signal ?? `code ${status}`}\n`,
    );
    process.exit(1);
  }
}

// Looked up before the build: what is edited while it runs is newer, and builds again.
const newest = newestSource(TEST_SOURCES);
let compiler;
try {
  const require = createRequire(import.meta.url);
  compiler = require.resolve("typescript/package.json");
  require.resolve("rolldown/package.json");
} catch {
  process.stderr.write("the build needs the development dependencies: run npm ci\n");
  process.exit(1);
}
node(join(dirname(compiler), "bin", "tsc"), "-p", ".");
node(join("dist", "tools", "schemas.js"), "--validators");
node(join("tools", "bundle.mjs"), ...process.argv.slice(2));
writeStamp(newest);
