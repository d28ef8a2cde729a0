import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { Dataset, denseTargets, type Sample } from "../../src/student/dataset.js";
import { CachedEpochs, type EpochSource, StreamedEpochs } from "../../src/student/epochs.js";
import { type PutAside, validationShare } from "../../src/student/validation.js";
import { temporaryFolder } from "../rigs/folder.js";
import { artifactOf, scene, writeData } from "./data.js";

async function samplesOf(source: AsyncIterable<Sample>): Promise<Sample[]> {
  const list: Sample[] = [];
  for await (const { id, pixels, labels } of source) list.push({ id, labels, pixels: pixels.slice() });
  return list;
}

describe("the data set", () => {
  it("gives pixels and targets as they were packed; a broken picture is named", async () => {
    const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 7, broken: [4] })));
    assert.deepEqual(data.counts, { train: 7, holdout: 5 });
    const broken: string[] = [];
    const samples = await samplesOf(data.samples("train", (id) => broken.push(id)));
    assert.deepEqual(broken, ["image 4"]);
    assert.deepEqual(
      samples.map((s) => s.id),
      [0, 3, 6, 1, 2, 5].map((i) => `image ${i}`),
    );
    const expected = scene(3, 16);
    assert.deepEqual(Buffer.from(samples[1]!.pixels), Buffer.from(expected.rgb));
    assert.deepEqual(samples[1]!.labels, expected.labels);
    await assert.rejects(samplesOf(data.samples("train")), /image 4 of the data set cannot be decoded/);
  });

  it("names a damaged shard", async () => {
    const folder = temporaryFolder();
    const files = await writeData(folder, { train: 6 });
    writeFileSync(join(folder, "shards/train-1.tar"), "x".repeat(700));
    const data = new Dataset(artifactOf(files));
    await assert.rejects(samplesOf(data.samples("train")), /cannot read the shard shards\/train-1\.tar/);
  });

  it("makes unreturned tags zero", () => {
    const target = new Float32Array(4).fill(9);
    denseTargets([[2, 0.75]], target);
    assert.deepEqual([...target], [0, 0, 0.75, 0]);
  });
});

const NONE: PutAside = () => false;

describe("epochs", () => {
  const sources: readonly [string, (data: Dataset, seed: number, putAside: PutAside) => EpochSource][] = [
    ["cached", (dataset, seed, putAside) => new CachedEpochs({ dataset, seed, putAside, onBroken() {} })],
    [
      "streamed",
      (dataset, seed, putAside) => new StreamedEpochs({ dataset, seed, putAside, onBroken() {} }, 4),
    ],
  ];
  for (const [name, open] of sources) {
    it(`${name}: each sample once, an order of its own for each epoch and seed, the same again`, async () => {
      const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 23 })));
      const ids = async (seed: number, epoch: number) =>
        (await samplesOf(open(data, seed, NONE).epoch(epoch))).map((s) => s.id);
      const first = await ids(1, 1);
      assert.equal(new Set(first).size, 23);
      assert.deepEqual(await ids(1, 1), first);
      assert.notDeepEqual(await ids(1, 2), first);
      assert.notDeepEqual(await ids(2, 1), first);
      // An epoch's order does not depend on the epochs before it, which a resumed training has not seen.
      const source = open(data, 1, NONE);
      await samplesOf(source.epoch(1));
      const second = (await samplesOf(source.epoch(2))).map((s) => s.id);
      assert.deepEqual(second, await ids(1, 2));
    });

    it(`${name}: may be left in the middle of an epoch, as a draw of a part does`, async () => {
      const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 23 })));
      const source = open(data, 1, NONE);
      const whole = (await samplesOf(source.epoch(1))).map((s) => s.id);
      const part: string[] = [];
      for await (const { id } of source.epoch(1)) {
        part.push(id);
        if (part.length === 5) break;
      }
      assert.deepEqual(part, whole.slice(0, 5));
    });

    it(`${name}: what is put aside is never learned from, and comes in the order of the data set`, async () => {
      const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 23 })));
      const all = (await samplesOf(data.samples("train"))).map((s) => s.id);
      const putAside = validationShare(0.3);
      const source = open(data, 1, putAside);
      const aside = (await samplesOf(source.validation())).map((s) => s.id);
      assert.deepEqual(aside, all.filter(putAside));
      assert.ok(aside.length > 0 && aside.length < all.length);
      const learned = (await samplesOf(source.epoch(1))).map((s) => s.id);
      assert.deepEqual([...learned, ...aside].sort(), [...all].sort());
    });
  }
});
