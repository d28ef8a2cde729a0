import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { Finding } from "../../src/core/finding.js";
import { VERSION } from "../../src/core/version.js";
import { CliRig } from "../rigs/cli.js";

test("doctor before the first run: versions of everything that computes, and no problem", async () => {
  const rig = new CliRig();
  const { code, stdout, stderr } = await rig.pipe("doctor", "--json");
  assert.equal(code, 0, stdout);
  assert.equal(stderr, "");
  const { problems, findings } = JSON.parse(stdout) as { problems: number; findings: Finding[] };
  assert.equal(problems, 0);
  const told = new Map(findings.map(({ check, message }) => [check, message]));
  assert.match(told.get("store") ?? "", /there is no store/);
  assert.equal(told.get("pipestill"), VERSION);
  assert.equal(told.get("node"), process.versions.node);
  assert.match(told.get("duckdb") ?? "", /^v1\./);
  assert.match(told.get("sharp") ?? "", /^\d+\.\d+\.\d+, libvips \d+\.\d+\.\d+$/);
  assert.match(told.get("wasm engine") ?? "", /^tfjs-backend-wasm \d+\.\d+\.\d+, (SIMD|one thread)/);
  assert.match(told.get("native engine") ?? "", /^not installed/);
  assert.equal(existsSync(join(rig.folder, "artifacts")), false);
});

test("doctor tells what there is to compute on, and of a graphics card that no engine uses", async () => {
  const rig = new CliRig();
  // What nvidia-smi prints for this query on a machine with two cards.
  rig.write(
    "bin/nvidia-smi",
    "#!/bin/sh\nprintf 'NVIDIA A100-SXM4-40GB, 40960 MiB, 535.104.05\\nTesla T4, 15360 MiB, 535.104.05\\n'\n",
  );
  chmodSync(join(rig.folder, "bin/nvidia-smi"), 0o755);
  const { finished } = rig.start(["doctor"], { PATH: `${join(rig.folder, "bin")}:${process.env.PATH}` });
  const { code, stdout } = await finished;
  assert.equal(code, 0);
  assert.match(stdout, /^processor +ok +.*, \d+ cores?/m);
  assert.match(
    stdout,
    /^gpu +note +NVIDIA A100-SXM4-40GB, 40960 MiB, driver 535\.104\.05; Tesla T4, 15360 MiB, driver 535\.104\.05; no engine uses them?\n {2}fix: pipe engine install --cuda$/m,
  );
});

test("a problem makes the exit code 1 and comes with the command that mends it, which does", async () => {
  const rig = new CliRig();
  mkdirSync(join(rig.folder, "my store", "damaged", "blob"), { recursive: true });
  const sick = await rig.pipe("doctor", "--store", "my store");
  assert.equal(sick.code, 1);
  assert.match(
    sick.stdout,
    /^damaged +problem +1 damaged file is set aside .*\n {2}fix: pipe verify --fix --store 'my store' && pipe gc --store 'my store'\n/m,
  );
  assert.match(sick.stdout, /\n1 thing needs attention\.\n$/);
  for (const args of [["verify", "--fix"], ["gc"]]) {
    const { code, stderr } = await rig.pipe(...args, "--store", "my store");
    assert.equal(code, 0, stderr);
  }
  const healed = await rig.pipe("doctor", "--store", "my store");
  assert.match(healed.stdout, /\nNothing needs attention\.\n$/);
  assert.equal(healed.code, 0);
});
