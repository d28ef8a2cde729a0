import assert from "node:assert/strict";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { Store } from "../../src/runner/store/store.js";
import { verify } from "../../src/runner/store/verify.js";
import type { Finished } from "../rigs/cli.js";
import { seeded } from "../rigs/random.js";
import { hashes, PHOTOS, PhotoRig } from "./rig.js";

const SIZES = [16, 24] as const;
const LOOKS = [1, 2, 3] as const;
const POLICIES = [[], ["--keep-last", "1"], ["--keep-last", "3"], ["--dry-run"]] as const;
/** Longest delay before a process starts or is killed, milliseconds: a run on an idle machine takes about a second. */
const SPREAD = 1500;

export interface ScheduleCounts {
  runs: number;
  killedRuns: number;
  collections: number;
  refused: number;
  killedCollections: number;
}

/**
 * Rounds of one or two runs and one or two collections on one store, each started at a random moment, some killed.
 * What is not killed must give what an undisturbed run gives.
 */
export async function gcSchedule(rounds: number, seed: number): Promise<ScheduleCounts> {
  const random = seeded(seed);
  const pick = <T>(choices: readonly T[]) => choices[Math.floor(random() * choices.length)] as T;
  const moment = () => Math.round(random() * SPREAD);
  const expected = await undisturbed();
  const rig = await photos(LOOKS[0]);
  await rig.run();
  const counts = { runs: 0, killedRuns: 0, collections: 0, refused: 0, killedCollections: 0 };

  const launch = async (args: readonly string[], startAt: number, killAt: number | undefined) => {
    await sleep(startAt);
    const started = rig.start(args);
    if (killAt !== undefined) setTimeout(() => started.child.kill("SIGKILL"), killAt);
    return started.finished;
  };
  const run = async (look: number, when: string) => {
    const size = pick(SIZES);
    const killAt = random() < 0.3 ? moment() : undefined;
    const done = await launch(["run", "p.yaml", "--json", "-S", `params.size=${size}`], moment() / 2, killAt);
    counts.runs += 1;
    if (done.signal === "SIGKILL") {
      counts.killedRuns += 1;
      return;
    }
    assert.equal(done.code, 0, `${when}: ${done.stderr}`);
    const record = JSON.parse(done.stdout) as RunRecord;
    assert.deepEqual(hashes(record), expected.get(`${size} ${look}`), when);
  };
  const collect = async (when: string) => {
    const killAt = random() < 0.2 ? moment() / 2 : undefined;
    const done = await launch(["gc", ...pick(POLICIES)], moment(), killAt);
    counts.collections += 1;
    if (done.signal === "SIGKILL") counts.killedCollections += 1;
    else if (wasRefused(done)) counts.refused += 1;
    else assert.equal(done.code, 0, `${when}: ${done.stderr}`);
  };

  for (let round = 1; round <= rounds; round++) {
    const when = `round ${round} of seed ${seed}`;
    const look = pick(LOOKS);
    await rig.picture("p2.png", look);
    const tasks = [run(look, when), collect(when)];
    if (random() < 0.5) tasks.push(run(look, when));
    if (random() < 0.5) tasks.push(collect(when));
    await Promise.all(tasks);
    if (round % 10 === 0 || round === rounds) await checkStore(rig, when);
  }
  return counts;
}

async function photos(look: number): Promise<PhotoRig> {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(4);
  await rig.picture("p2.png", look);
  return rig;
}

/** Hashes of the outputs by "size look", from one store that nothing disturbs. */
async function undisturbed(): Promise<Map<string, Record<string, string>>> {
  const found = new Map<string, Record<string, string>>();
  const rig = await photos(LOOKS[0]);
  for (const look of LOOKS) {
    await rig.picture("p2.png", look);
    for (const size of SIZES)
      found.set(`${size} ${look}`, hashes(await rig.run(["-S", `params.size=${size}`])));
  }
  return found;
}

function wasRefused({ code, stderr }: Finished): boolean {
  return code === 1 && /the store is in use by runs? /.test(stderr);
}

async function checkStore(rig: PhotoRig, when: string): Promise<void> {
  const store = Store.open(join(rig.folder, "artifacts"));
  for await (const { what, message } of verify(store, { fix: false }))
    assert.fail(`${what} ${message}: ${when}`);
  await store.close();
}
