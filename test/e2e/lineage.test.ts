import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { hashes, PHOTOS, PhotoRig } from "./rig.js";

interface Step {
  readonly stage: string;
}

/** `pipe lineage … --json`: the stages it came from, the stages made of it, and where an item was seen. */
async function lineage(rig: PhotoRig, name: string) {
  const done = await rig.pipe("lineage", name, "--json");
  assert.equal(done.code, 0, done.stderr);
  const { subject, from, to, sightings } = JSON.parse(done.stdout) as {
    subject: string;
    from: Step[];
    to: Step[];
    sightings?: (Step & { table: string; row: { id: string; source_url?: string; detail?: string } })[];
  };
  const stages = (steps: Step[]) => steps.map(({ stage }) => stage).join(" ");
  return { subject, from: stages(from), to: stages(to), sightings };
}

test("lineage goes from artifacts, runs, files and items to sources, and on to what was made of them", async (t) => {
  const rig = new PhotoRig();
  rig.write("p.yaml", PHOTOS);
  await rig.pictures(3);
  const record = await rig.run();

  await t.test("an artifact, by the beginning of its hash", async () => {
    const hash = hashes(record)["resize.images"] as string;
    const found = await lineage(rig, hash.slice(0, 10));
    assert.deepEqual(found, { subject: "artifact", from: "crawl resize", to: "label", sightings: undefined });
  });

  await t.test(
    "a published path stands for its stage, though the empty failures of all stages are equal",
    async () => {
      const found = await lineage(rig, join("artifacts/latest/photos/resize"));
      assert.deepEqual([found.from, found.to], ["crawl resize", "label"]);
    },
  );

  await t.test("a run", async () => {
    for (const name of [record.runId, "last"]) {
      const found = await lineage(rig, name);
      assert.deepEqual([found.subject, found.from, found.to], ["run", "crawl resize label", ""]);
    }
  });

  await t.test("a picture's file and its relative path lead to its rows in every table", async () => {
    for (const name of ["pictures/p1.png", "p1.png"]) {
      const found = await lineage(rig, name);
      assert.equal(found.subject, "item");
      assert.deepEqual(
        found.sightings?.map(({ stage, table }) => `${stage} ${table}`),
        ["crawl images.parquet", "resize images.parquet", "label labels.parquet"],
      );
      assert.equal(found.sightings?.[0]?.row.source_url, "p1.png");
      assert.equal(new Set(found.sightings?.map(({ row }) => row.id)).size, 1);
      assert.equal(found.from, "crawl resize label");
    }
  });

  await t.test("a picture that was set aside is found by its file, with the reason", async () => {
    rig.write("pictures/broken.png", "no picture");
    await rig.run();
    const found = await lineage(rig, "pictures/broken.png");
    assert.deepEqual(
      found.sightings?.map(({ stage, table, row }) => [stage, table, row.source_url, row.detail]),
      [["crawl", "failures.parquet", "broken.png", "it is no picture"]],
    );
  });

  await t.test("a name the store does not know is an error with exit code 2", async () => {
    const done = await rig.pipe("lineage", "nothing-of-that-name");
    assert.equal(done.code, 2);
    assert.match(done.stderr, /nothing-of-that-name/);
  });
});
