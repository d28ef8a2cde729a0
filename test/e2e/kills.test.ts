import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { killedAtMoments } from "./deaths.js";
import { eventually, isAlive, parentOf } from "./processes.js";
import { PhotoRig } from "./rig.js";
import { smallScene } from "./scenes.js";

const seed = Number(process.env.FAULT_SEED ?? randomInt(2 ** 31));

test("SIGKILL of the runner, and of a stage host alone, at random moments", async (t) => {
  t.diagnostic(`FAULT_SEED=${seed} repeats these moments`);
  const scene = await smallScene("filled");
  await killedAtMoments(scene, "runner", seed, 5);
  await killedAtMoments(scene, "host", seed, 3);
});

/** A command that hangs the first time. */
const HANGS_ONCE = `version: 1
name: hang
stages:
  slow: { uses: exec, with: { command: 'if [ ! -e hung ]; then echo $$ > hung; sleep 600; fi; echo done > "$OUTPUT/o"', outputs: [o] } }
`;

async function hanging(): Promise<{ rig: PhotoRig; shell: number; started: ReturnType<PhotoRig["start"]> }> {
  const rig = new PhotoRig();
  rig.write("p.yaml", HANGS_ONCE);
  const started = rig.start(["run", "p.yaml", "--json"]);
  const file = join(rig.folder, "hung");
  await eventually("the command runs", () => existsSync(file) && readFileSync(file, "utf8").endsWith("\n"));
  return { rig, started, shell: Number(readFileSync(file, "utf8")) };
}

test("a host killed from outside does not leave its command at work", async () => {
  const { rig, started, shell } = await hanging();
  process.kill(parentOf(shell), "SIGKILL");
  const done = await started.finished;
  assert.equal(done.code, 1);
  assert.match(done.stderr, /its process was ended by SIGKILL/);
  assert.equal(isAlive(shell), false, "the command is still at work");
  assert.equal((await rig.run()).status, "succeeded");
});

test("a run ends the host, and its command, that a killed run has left at the same stage", async () => {
  const { rig, started, shell } = await hanging();
  started.child.kill("SIGKILL");
  await started.finished;
  assert.equal((await rig.run()).status, "succeeded");
  assert.equal(isAlive(shell), false, "the command of the dead run is still at work");
});
