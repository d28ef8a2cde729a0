import assert from "node:assert/strict";
import { existsSync, rmSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { Death, WritePoint } from "../rigs/mortal.js";
import { seeded } from "../rigs/random.js";
import { ended, mortalRun, pidsOf, readTrace } from "./mortal-run.js";
import { isAlive } from "./processes.js";
import { checkRecovery } from "./recovery.js";
import { rigOf, type Scene } from "./scenes.js";

/** The writes that can be made by half. */
const DIVISIBLE = /^(writeSync|writevSync|writeFileSync|appendFileSync|copyFileSync) /;

/** One death to be tried. */
export type Trial = WritePoint & { readonly death: Death };

/** Writes of the item log, its pack, a host's progress and TensorBoard's events, which a timer brings about too. */
const TIMED = /(items\.jsonl|blobs\.pack|tasks\/.*\/events\.jsonl|tfevents\.TIME)$/;

/**
 * Every named point of the scene: a runner dies before its first, within its last and after its last time there; a
 * stage host the same way, and once its runner dies there while the host lives on.
 */
export function trials({ points }: Pick<Scene, "points">): Trial[] {
  const named = new Map<string, WritePoint[]>();
  for (const point of points) {
    const key = `${point.process} ${point.name}`;
    named.set(key, [...(named.get(key) ?? []), point]);
  }
  return [...named.values()].flatMap((times) => {
    const first = times[0] as WritePoint;
    // How often a host writes these depends on the clock: only the first time is sure to come.
    const last = TIMED.test(first.name) ? first : (times.at(-1) as WritePoint);
    const deaths: Trial[] = [
      { ...first, death: "before" },
      { ...last, death: "after" },
    ];
    if (DIVISIBLE.test(last.name)) deaths.push({ ...last, death: "torn" });
    if (last.process !== "runner") deaths.push({ ...last, death: "parent" });
    return deaths;
  });
}

export function titleOf({ process, name, nth, death }: Trial): string {
  const what =
    death === "parent" ? "its runner dies before" : `dies ${death === "torn" ? "in the middle of" : death}`;
  return `${process} ${what} ${name}, time ${nth}`;
}

/** Lets a run die, then runs it again undisturbed and checks that nothing is wrong, missing, repeated or left over. */
export async function tryDeath(scene: Scene, trial: Trial): Promise<void> {
  const rig = rigOf(scene);
  const trace = `${rig.folder}.trace`;
  const when = titleOf(trial);
  const dead = await mortalRun(rig, scene.args, { trace, at: trial });
  assert.ok(
    readTrace(trace).some((line) => "killed" in line),
    `no process came there: ${when}`,
  );
  const runnerDied = trial.process === "runner" || trial.death === "parent";
  if (runnerDied) assert.equal(dead.signal, "SIGKILL", when);
  else if (dead.code !== 0) assert.match(dead.stderr, /was ended by SIGKILL/, when);
  await checkRecovery(scene, rig, when, () => ended(trace));
  rmSync(rig.folder, { recursive: true });
  rmSync(trace);
}

/** Kills the runner, or a stage host that is alive, at `count` moments of the run that the seed determines. */
export async function killedAtMoments(
  scene: Scene,
  victim: "runner" | "host",
  seed: number,
  count: number,
): Promise<void> {
  const random = seeded(seed);
  for (let i = 0; i < count; i++) {
    const rig = rigOf(scene);
    const trace = `${rig.folder}.trace`;
    const delay = Math.round(random() * scene.durationMs);
    const when = `${victim} killed after ${delay} ms, seed ${seed}`;
    const dead = mortalRun(rig, scene.args, { trace });
    await sleep(delay);
    const alive = () =>
      (existsSync(trace) ? pidsOf(trace) : []).slice(victim === "host" ? 1 : 0).filter(isAlive);
    const over = dead.then(() => "over");
    while (alive().length === 0 && (await Promise.race([over, sleep(5)])) !== "over");
    for (const pid of alive().slice(0, 1)) process.kill(pid, "SIGKILL");
    const { signal, code, stderr } = await dead;
    if (victim === "host" && code !== 0) assert.match(stderr, /was ended by SIGKILL/, when);
    else assert.ok(signal === "SIGKILL" || code === 0, when);
    await checkRecovery(scene, rig, when, () => ended(trace));
    rmSync(rig.folder, { recursive: true });
    rmSync(trace);
  }
}
