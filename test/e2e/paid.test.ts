import assert from "node:assert/strict";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { VisionServer } from "../rigs/vision-server.js";
import { paidPipeline, paidRig } from "./paid-rig.js";
import { hashes, stageOf } from "./rig.js";

let server: VisionServer;
before(async () => {
  server = await VisionServer.start();
});
after(() => server.close());

const pipeline = (more = "") => paidPipeline(server.endpoint, more);
const rigWith = (count: number, more = "") => paidRig(server.endpoint, count, more);

/** How many pictures were asked about while something was done. */
async function askedIn(work: () => Promise<unknown>): Promise<number> {
  const sum = () => server.requests.reduce((all, { images }) => all + images, 0);
  const before = sum();
  await work();
  return sum() - before;
}

test("an answer that was paid for is never asked for again: without its result, its cache, after gc", async () => {
  const rig = await rigWith(20);
  let first = {};
  assert.equal(
    await askedIn(async () => {
      first = hashes(await rig.run());
    }),
    20,
  );
  for (const part of ["cache", "results", "latest", "runs", "trees"]) {
    rmSync(join(rig.folder, "artifacts", part), { recursive: true });
  }
  assert.equal((await rig.pipe("gc", "--keep-last", "1")).code, 0);
  assert.equal(await askedIn(async () => assert.deepEqual(hashes(await rig.run()), first)), 0);
  assert.equal(await askedIn(async () => rig.run(["--force", "label"])), 0);
});

test("only new pictures are asked about; another question is another answer", async () => {
  const rig = await rigWith(5);
  await rig.run();
  await rig.picture("new.png", 99);
  assert.equal(await askedIn(() => rig.run()), 1);
  rig.write("p.yaml", pipeline(", max_results: 2"));
  assert.equal(await askedIn(() => rig.run()), 6);
  // How one asks is no part of the question.
  rig.write("p.yaml", pipeline(", max_results: 2, batch: 3, concurrency: 1"));
  assert.equal(await askedIn(() => rig.run(["--force", "label"])), 0);
});

test("gc removes paid answers only where it is told to by name; du and verify know them", async () => {
  const rig = await rigWith(3);
  await rig.run();
  const usage = JSON.parse((await rig.pipe("du", "--json")).stdout) as { parts: { paid: { files: number } } };
  assert.equal(usage.parts.paid.files, 3, "ledger.json, a log and its index");
  const [ledger] = readdirSync(join(rig.folder, "artifacts/paid"));
  const folder = join(rig.folder, "artifacts/paid", ledger!);
  const log = join(folder, readdirSync(folder).find((name) => name.endsWith(".jsonl"))!);
  const text = readFileSync(log, "utf8");
  assert.equal(text.match(/"answer":/g)?.length, 3);
  assert.equal((await rig.pipe("verify")).code, 0);
  writeFileSync(log, text.replace(/"Red"/, '"Rad"'));
  const found = await rig.pipe("verify", "--fix");
  assert.match(found.stdout + found.stderr, /an answer that was paid for is damaged/);
  assert.equal((await rig.pipe("verify")).code, 0);
  rmSync(join(rig.folder, "artifacts/cache"), { recursive: true });
  rmSync(join(rig.folder, "artifacts/results"), { recursive: true });
  assert.equal(await askedIn(() => rig.run()), 1);
  const gone = await rig.pipe("gc", "--paid");
  assert.match(gone.stdout, /paid/);
  assert.equal(await askedIn(() => rig.run(["--force", "label"])), 0, "the item cache still knows");
  rmSync(join(rig.folder, "artifacts/cache"), { recursive: true });
  assert.equal(await askedIn(() => rig.run(["--force", "label"])), 3);
});

test("the record says what was asked and what it costs", async () => {
  const rig = await rigWith(
    4,
    ", tariff: { free: 1, steps: [{ above: 0, usd_per_1000: 2000 }] }, max_cost: 6",
  );
  const { notes } = stageOf(await rig.run(), "label");
  assert.deepEqual(notes, ["asks google-vision about 4 items: 4 units, about 6.00 USD"]);
  await rig.picture("new.png", 99);
  rmSync(join(rig.folder, "artifacts/cache"), { recursive: true });
  assert.deepEqual(stageOf(await rig.run(), "label").notes, [
    "asks google-vision about 1 item: 1 unit, about 0.00 USD",
    "answered before and not asked about again: 4 items",
  ]);
});

test("what costs more than max_cost does not begin", async () => {
  const rig = await rigWith(
    4,
    ", tariff: { free: 1, steps: [{ above: 0, usd_per_1000: 2000 }] }, max_cost: 5.99",
  );
  const sent = await askedIn(async () => {
    const label = stageOf(await rig.run([], 1), "label");
    assert.match(
      label.failure!.message,
      /about 4 items costs more than max_cost allows \(5\.99 USD\): 4 units, about 6\.00 USD/,
    );
    assert.match(label.failure!.hint!, /nothing was sent/);
  });
  assert.equal(sent, 0);
});

test("the plan tells what it costs: at most, while inputs are unknown; exactly, without what was answered, once they are", async () => {
  const rig = await rigWith(
    6,
    ", tariff: { free: 0, steps: [{ above: 0, usd_per_1000: 1000 }] }, max_cost: 5.5",
  );
  const plan = async () => (await rig.pipe("plan", "p.yaml")).stdout;
  const sent = await askedIn(async () => {
    assert.match(
      await plan(),
      /label asks google-vision about at most 6 units: at most 6\.00 USD\n {2}label will not begin if it comes to more than max_cost \(5\.5 USD\)/,
    );
    await rig.run(["resize"]);
    assert.match(
      await plan(),
      /label asks google-vision about 6 units: about 6\.00 USD\n {2}label would not begin: max_cost is 5\.5 USD/,
    );
  });
  assert.equal(sent, 0);
  await rig.run(["-S", "label.teacher.max_cost=6"]);
  assert.doesNotMatch(await plan(), /asks/);
  await rig.picture("new.png", 99);
  await rig.run(["resize"]);
  rmSync(join(rig.folder, "artifacts/cache/items"), { recursive: true });
  const line =
    "label asks google-vision about 1 unit, beside 6 that were answered before: about 1.00 USD; max_cost is 5.5 USD";
  assert.ok((await plan()).includes(line), await plan());
  const json = JSON.parse((await rig.pipe("plan", "p.yaml", "--json")).stdout) as {
    stages: { cost?: object }[];
  };
  assert.deepEqual(json.stages[2]!.cost, {
    asks: "google-vision",
    exact: true,
    answered: 6,
    units: 1,
    usd: 1,
    maxCost: 5.5,
  });
});

test("the plan bounds the cost where the pictures' table is lost", async () => {
  const rig = await rigWith(
    6,
    ", tariff: { free: 0, steps: [{ above: 0, usd_per_1000: 1000 }] }, max_cost: 6",
  );
  await rig.run(["resize"]);
  rmSync(join(rig.folder, "artifacts/store"), { recursive: true });
  const done = await rig.pipe("plan", "p.yaml");
  assert.equal(done.code, 0, done.stderr);
  assert.match(done.stdout, /resize +would run +the store has lost/);
  assert.match(done.stdout, /label asks google-vision about at most 6 units: at most 6\.00 USD/);
});
