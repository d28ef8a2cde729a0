import assert from "node:assert/strict";
import { test } from "node:test";
import { fates, hashes, PHOTOS, PhotoRig } from "../e2e/rig.js";

/** Node's options under which a process's clock is off by so many milliseconds; stage hosts keep the true one. */
const shifted = (ms: number) => ({
  NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(
    `const D = Date; globalThis.Date = class extends D {
      constructor(...args) { args.length > 0 ? super(...args) : super(D.now() + ${ms}); }
      static now() { return D.now() + ${ms}; }
    };`,
  )}`,
});
const DAY = 86_400_000;

test("a clock that is set back by a day, and forward again, costs nothing and wrongs nothing", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(3);
  const first = await rig.run();
  const run = async (ms: number, ...args: string[]) => {
    const done = await rig.start(["run", "p.yaml", "--json", ...args], shifted(ms)).finished;
    assert.equal(done.code, 0, done.stderr);
    return JSON.parse(done.stdout);
  };
  const back = await run(-DAY);
  assert.ok(Date.parse(back.startedAt) < Date.parse(first.startedAt) - DAY / 2, "the clock was set back");
  assert.equal(fates(back), "crawl cached, resize cached, label cached");
  assert.deepEqual(hashes(back), hashes(first));

  // Changed while the clock is behind: seen, made once, and still known when the clock is right again, or ahead.
  await rig.picture("p1.png", 9);
  const changed = await run(-DAY);
  assert.equal(fates(changed), "crawl ran 1/3, resize ran 1/3, label ran 1/3");
  assert.ok(changed.durationMs >= 0 && changed.durationMs < DAY / 2);
  for (const ms of [0, DAY]) {
    const later = await run(ms);
    assert.equal(fates(later), "crawl cached, resize cached, label cached");
    assert.deepEqual(hashes(later), hashes(changed));
  }
  const forced = await run(-DAY, "--force", "label");
  assert.equal(fates(forced), "crawl cached, resize cached, label ran 0/3");
  assert.deepEqual(hashes(forced), hashes(changed));

  const listed = JSON.parse((await rig.pipe("runs", "--json")).stdout) as {
    status: string;
    durationMs: number;
  }[];
  assert.deepEqual([...new Set(listed.map(({ status }) => status))], ["succeeded"]);
  assert.ok(listed.every(({ durationMs }) => durationMs >= 0 && durationMs < DAY / 2));
  // Older than a day by either clock is nothing of this, so gc by age leaves what the next run needs.
  const gc = await rig.start(["gc", "--older-than", "3d"], shifted(DAY)).finished;
  assert.equal(gc.code, 0, gc.stderr);
  assert.equal(fates(await run(-DAY)), "crawl cached, resize cached, label cached");
  assert.equal((await rig.pipe("verify")).stdout, "The store is sound.\n");
});

test("a lock whose owner died is free, whatever the clock says", async () => {
  const rig = new PhotoRig();
  rig.write(
    "m.mjs",
    'export async function run(c) { c.note("at work"); await new Promise((r) => setTimeout(r, 60000)); }',
  );
  rig.write("p.yaml", "version: 1\nname: p\nstages: { s: { uses: ./m.mjs } }\n");
  const owner = rig.start(["run", "p.yaml"], shifted(DAY));
  await owner.stderrHas("at work");
  owner.child.kill("SIGKILL");
  await owner.finished;
  rig.write("m.mjs", "export async function run() {}");
  const done = await rig.start(["run", "p.yaml", "--json"], shifted(-DAY)).finished;
  assert.equal(fates(JSON.parse(done.stdout)), "s ran");
  const runs = JSON.parse((await rig.pipe("runs", "--json")).stdout) as {
    status: string;
    durationMs: number;
  }[];
  assert.deepEqual(runs.map(({ status }) => status).sort(), ["crashed", "succeeded"]);
  assert.ok(runs.every(({ durationMs }) => durationMs >= 0));
});
