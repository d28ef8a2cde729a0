import assert from "node:assert/strict";
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { RunRecord } from "../../src/runner/lineage/record.js";
import { fates, hashes, PHOTOS, PhotoRig, stageOf } from "./rig.js";

test("only what a change touches runs, item by item", async (t) => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(12);
  const first = await rig.run();
  assert.equal(fates(first), "crawl ran 12/12, resize ran 12/12, label ran 12/12");

  await t.test("a second run does nothing", async () => {
    const again = await rig.run();
    assert.equal(fates(again), "crawl cached, resize cached, label cached");
    assert.deepEqual(hashes(again), hashes(first));
  });

  await t.test("one changed picture is one item in every item stage", async () => {
    await rig.picture("p7.png", 100);
    const record = await rig.run();
    assert.equal(fates(record), "crawl ran 1/12, resize ran 1/12, label ran 1/12");
    assert.equal(stageOf(record, "crawl").reason, "of 12 files in the source, 1 changed (p7.png)");
  });

  await t.test("going back to the earlier picture runs nothing", async () => {
    await rig.picture("p7.png", 7);
    const record = await rig.run();
    assert.equal(fates(record), "crawl cached, resize cached, label cached");
    assert.deepEqual(hashes(record), hashes(first));
  });

  await t.test("a moved picture costs no pixel work but has a new row", async () => {
    renameSync(join(rig.folder, "pictures/p3.png"), join(rig.folder, "pictures/moved.png"));
    const record = await rig.run();
    assert.equal(fates(record), "crawl ran 0/12, resize ran 0/12, label ran 0/12");
    assert.notEqual(hashes(record)["resize.images"], hashes(first)["resize.images"]);
    renameSync(join(rig.folder, "pictures/moved.png"), join(rig.folder, "pictures/p3.png"));
    assert.deepEqual(hashes(await rig.run()), hashes(first));
  });

  await t.test("a param runs its stage and what follows; going back runs nothing", async () => {
    const other = await rig.run(["-S", "params.size=24"]);
    assert.equal(fates(other), "crawl cached, resize ran 12/12, label ran 12/12");
    assert.equal(stageOf(other, "resize").reason, "size changed from 32 to 24");
    assert.equal(fates(await rig.run()), "crawl cached, resize cached, label cached");
  });

  await t.test("--force runs the stage again; equal bytes invalidate nothing after it", async () => {
    const record = await rig.run(["--force", "resize"]);
    assert.equal(fates(record), "crawl cached, resize ran 0/12, label cached");
    assert.deepEqual(hashes(record), hashes(first));
  });

  await t.test("a run from an empty store gives the same bytes", async () => {
    rmSync(join(rig.folder, "artifacts"), { recursive: true });
    assert.deepEqual(hashes(await rig.run()), hashes(first));
  });
});

test("a broken picture is set aside, counted and named, and not tried again", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(3);
  writeFileSync(join(rig.folder, "pictures/empty.png"), "");
  const path = await rig.picture("cut.png", 50);
  writeFileSync(path, (await import("node:fs")).readFileSync(path).subarray(0, 150));
  const record = await rig.run();
  assert.equal(fates(record), "crawl ran 5/5, resize ran 4/4, label ran 3/3");
  assert.equal(stageOf(record, "crawl").items?.failed, 1);
  assert.equal(stageOf(record, "resize").items?.failed, 1);
  assert.deepEqual(stageOf(record, "crawl").notes, [
    "1 of 5 items set aside: 1 unreadable-image (empty.png: the file is empty)",
  ]);
  assert.match(
    stageOf(record, "resize").notes[0] ?? "",
    /^1 of 4 items set aside: 1 broken-image \(cut\.png: /,
  );
  await rig.picture("p0.png", 60);
  assert.equal(fates(await rig.run()), "crawl ran 1/5, resize ran 1/4, label ran 1/3");
});

test("two stages of equal config share one result", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", `${PHOTOS}  twin: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }\n`);
  await rig.pictures(3);
  const record = await rig.run();
  const [resize, twin] = [stageOf(record, "resize"), stageOf(record, "twin")];
  assert.equal(resize.fingerprint, twin.fingerprint);
  assert.deepEqual([resize.status, twin.status].sort(), ["cached", "ran"]);
});

test("targets bring about what they need and no more", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(2);
  assert.equal(fates(await rig.run(["resize"])), "crawl ran 2/2, resize ran 2/2");
});

test("the plan says what would run, why, and what cannot be known yet", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(2);
  await rig.run();
  const plan = await rig.pipe("plan", "p.yaml", "--json", "-S", "resize.size=16");
  assert.equal(plan.code, 0, plan.stderr);
  const stages = JSON.parse(plan.stdout).stages as {
    name: string;
    status: string;
    reasons: { message: string }[];
  }[];
  assert.deepEqual(
    stages.map(({ name, status, reasons }) => [name, status, reasons.map(({ message }) => message)]),
    [
      ["crawl", "cached", []],
      ["resize", "run", ["size changed from 32 to 16"]],
      ["label", "unknown", ["unknown until resize has run"]],
    ],
  );
});

test("the record says where each output can be opened, for what ran and for what was reused", async () => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(2);
  const paths = (record: RunRecord) =>
    Object.fromEntries(
      Object.entries(stageOf(record, "crawl").outputs).map(([port, { path }]) => [port, path]),
    );
  const expected = {
    images: "artifacts/latest/photos/crawl",
    failures: "artifacts/latest/photos/crawl/failures",
  };
  assert.deepEqual(paths(await rig.run()), expected);
  assert.deepEqual(paths(await rig.run()), expected);
});
