import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nativePlatform } from "../../src/engine/native/platform.js";
import { CliRig } from "../rigs/cli.js";

/** Needs 300 MB from PyPI; about a minute. */
const missing = ["g++ --version", "python3 -m pip --version"].find(
  (command) => spawnSync("sh", ["-c", command]).status !== 0,
);
const skip = !nativePlatform()
  ? "no native engine can be installed here"
  : missing === undefined
    ? false
    : `this machine cannot run ${missing}`;

test("the real thing: killed while it unpacks, gone on with, used, a no-op the second time, removed", {
  skip,
}, async () => {
  const rig = new CliRig();
  const engines = join(rig.folder, "cache/pipestill/engines");
  const start = (...args: string[]) => rig.start(args, { XDG_CACHE_HOME: join(rig.folder, "cache") });
  const pipe = async (...args: string[]) => {
    const finished = await start(...args).finished;
    assert.equal(finished.code, 0, finished.stderr);
    return finished;
  };

  const killed = start("engine", "install");
  await killed.stderrHas("unpacking");
  killed.child.kill("SIGKILL");
  await killed.finished;
  assert.deepEqual(JSON.parse((await pipe("engine", "list", "--json")).stdout).engines, []);

  const resumed = await pipe("engine", "install", "--json");
  assert.doesNotMatch(resumed.stderr, /fetching/);
  const { name, tensorflow, already } = JSON.parse(resumed.stdout);
  assert.deepEqual([tensorflow, already], ["2.21.0", false]);
  assert.deepEqual(readdirSync(engines), [name]);

  const bindings = join(engines, name, "tfjs_binding.node");
  const { mtimeMs } = statSync(bindings);
  assert.equal(JSON.parse((await pipe("engine", "install", "--json")).stdout).already, true);
  assert.equal(statSync(bindings).mtimeMs, mtimeMs);

  rig.write(
    "pipeline.yaml",
    `version: 1
name: demo
stages:
  crawl: { uses: crawl, with: { source: { type: synthetic, count: 60, seed: 7 } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: builtin } } }
  index: { uses: index, inputs: { labels: label } }
  pack: { uses: pack, inputs: { images: resize, labels: label, index: index } }
  train: { uses: train, inputs: { data: pack }, with: { epochs: 1, engine: native } }
`,
  );
  const record = JSON.parse((await pipe("run", "--json", "--quiet")).stdout);
  assert.equal(record.status, "succeeded");
  assert.match(JSON.stringify(record), /"tensorflow"/);

  await pipe("engine", "remove");
  assert.deepEqual(readdirSync(engines), []);
});
