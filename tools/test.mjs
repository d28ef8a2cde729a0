// `npm test [-- <part of a path>…]`: builds, then runs the test files whose path holds one of the given parts.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureBuilt } from "./ensure-built.mjs";
import { TEST_SOURCES } from "./stale.mjs";

const root = fileURLToPath(new URL("../", import.meta.url));
const parts = process.argv.slice(2).map((part) => part.replace(/\.ts$/, ".js").replace(/^\.\//, ""));

const failure = await ensureBuilt(TEST_SOURCES);
if (failure !== undefined) {
  console.error(failure);
  process.exit(1);
}

/** A test whose source is gone stays behind in dist/: only those with a source count. */
const files = readdirSync(join(root, "dist/test"), { recursive: true })
  .map((name) => join("dist/test", name))
  .filter((path) => path.endsWith(".test.js"))
  .filter((path) => existsSync(join(root, path.slice("dist/".length).replace(/\.js$/, ".ts"))))
  .filter((path) => parts.length > 0 || !/^dist.test.(slow|peers)\b/.test(path))
  .filter((path) => parts.length === 0 || parts.some((part) => path.includes(part)))
  .sort();
if (files.length === 0) {
  console.error(
    `No test file matches ${parts.join(" or ")}; they stand under ${relative(process.cwd(), root)}test/`,
  );
  process.exit(2);
}

const child = spawn(
  process.execPath,
  ["--test", "--test-reporter=spec", `--test-concurrency=${availableParallelism()}`, ...files],
  // Node marks children of a test run; left in place, a run started from inside one would report nothing.
  { cwd: root, stdio: "inherit", env: { ...process.env, NODE_TEST_CONTEXT: undefined } },
);
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => {
  process.exitCode = signal ? 1 : (code ?? 1);
});
