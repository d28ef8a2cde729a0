#!/usr/bin/env node
import { existsSync } from "node:fs";
import module from "node:module";

const root = new URL("../", import.meta.url);
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`pipe: needs Node.js 20.19 or newer, and this is ${process.versions.node}.`);
  process.exitCode = 1;
} else {
  // Node 22.1 and newer keep compiled code between starts.
  module.enableCompileCache?.();
  // Only a source checkout has src/: there, dist/ is made when it is absent or older than its sources.
  if (await built()) await start();
}

async function built() {
  if (!existsSync(new URL("src/", root))) return true;
  const { isStale } = await import("../tools/stale.mjs");
  if (!isStale([])) return true;
  const { ensureBuilt } = await import("../tools/ensure-built.mjs");
  const failure = await ensureBuilt();
  if (failure === undefined) return true;
  console.error(`pipe: ${failure}`);
  process.exitCode = 1;
  return false;
}

async function start() {
  try {
    const { main } = await import("../dist/bundle/cli/main.js");
    await main(process.argv.slice(2));
  } catch (error) {
    if (error?.code !== "ERR_MODULE_NOT_FOUND") throw error;
    console.error(`pipe: ${error.message}\nA dependency is missing. Run \`npm ci\` in ${root.pathname}`);
    process.exitCode = 1;
  }
}
