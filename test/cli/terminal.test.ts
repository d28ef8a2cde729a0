import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, openSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { stripVTControlCharacters } from "node:util";

const SRC = new URL("../../src/cli/", import.meta.url).href;

/** Feeds events to the live list in a process of its own, since it takes over that process's stderr. */
function paintRun(script: string): { stdout: string; stderr: string; status: number | null } {
  const code = `
    const { terminalReporter } = await import("${SRC}reporters/terminal.js");
    const { paint } = await import("${SRC}shared/colour.js");
    const reporter = terminalReporter(["crawl", "train", "eval"], paint(false), (line) => console.error(line));
    const stage = (name, status, more = {}) => ({ type: "stage-finished", stage: { name, kind: name, status,
      reason: "why", fingerprint: null, durationMs: 2100, attempts: 1, items: null, inputs: {}, outputs: {},
      metrics: {}, notes: [], ...more } });
    const started = (stage) => ({ type: "stage-started", stage, kind: stage,
      reasons: [{ code: "never-run", message: "no result of it is in the store" }] });
    const tick = () => new Promise((resolve) => setTimeout(resolve, 150));
    ${script}
    await reporter.close();`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    encoding: "utf8",
    env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined, NODE_TEST_CONTEXT: undefined },
  });
  return { stdout, stderr: stripVTControlCharacters(stderr), status };
}

const FULL = { skip: existsSync("/dev/full") ? false : "this system has no /dev/full" };

test("a result that cannot be written is said, without a stack, and exit code 1", FULL, () => {
  const main = fileURLToPath(new URL("main.js", SRC));
  const script = `import { main } from ${JSON.stringify(main)}; await main(["help"]);`;
  const full = openSync("/dev/full", "w");
  const { stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
    encoding: "utf8",
    stdio: ["ignore", full, "pipe"],
  });
  closeSync(full);
  assert.equal(status, 1);
  assert.match(stderr, /^error: the result cannot be written: ENOSPC.*\n {2}hint: the disk .*\n$/);
});

test("the live list paints on stderr alone and leaves each stage's outcome", () => {
  const { stdout, stderr, status } = paintRun(`
    reporter.listener(stage("crawl", "cached"));
    reporter.listener(started("train"));
    await tick();
    reporter.listener({ type: "stage-progress", stage: "train", done: 1, total: 12, text: "epoch 1/12" });
    reporter.listener({ type: "stage-note", stage: "train", message: "the disk is slow" });
    await tick();
    reporter.listener(stage("train", "failed", { failure: { message: "out of memory" } }));
    reporter.listener(stage("eval", "skipped", { reason: "train failed" }));`);
  assert.equal(status, 0, stderr);
  assert.equal(stdout, "");
  assert.match(stderr, /train {2}\(no result of it is in the store\)/);
  // What runs spins, what waits does not.
  assert.match(stderr, /^[⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏] train {2}.*\n.*1 of 12 .*\n◼ eval {2}waits$/m);
  assert.match(stderr, /1 of 12 {2}epoch 1\/12/);
  const end = stderr.slice(stderr.lastIndexOf("crawl"));
  assert.match(end, /^crawl {2}up to date\n.*train {2}failed {2}2\.1 s {2}out of memory\n/);
  assert.match(end, /eval {2}skipped {2}\(train failed\)/);
  assert.match(end, /train {2}note: the disk is slow\n$/);
});

test("an interrupted run gives the terminal back though stages never finished", () => {
  const { stderr, status } = paintRun(`
    reporter.listener(started("crawl"));
    await tick();
    reporter.listener({ type: "run-interrupting", message: "Interrupted: stopping." });
    await tick();`);
  assert.equal(status, 0, stderr);
  assert.match(stderr, /Interrupted: stopping\./);
});

test("where nothing starts, nothing is painted", () => {
  const { stdout, stderr } = paintRun(
    `for (const name of ["crawl", "train", "eval"]) reporter.listener(stage(name, "cached"));`,
  );
  assert.equal(stdout + stderr, "");
});
