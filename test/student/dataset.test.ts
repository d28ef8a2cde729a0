import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  Dataset,
  denseTargets,
  type FeatureSample,
  type Loaded,
  type Sample,
} from "../../src/student/dataset.js";
import { type EpochSource, type MemoryLimits, ShuffledEpochs } from "../../src/student/epochs.js";
import { type PutAside, validationShare } from "../../src/student/validation.js";
import { temporaryFolder } from "../rigs/folder.js";
import { artifactOf, scene, writeData } from "./data.js";

async function samplesOf(source: AsyncIterable<Sample>): Promise<Sample[]> {
  const list: Sample[] = [];
  for await (const { id, pixels, labels } of source) list.push({ id, labels, pixels: pixels.slice() });
  return list;
}

type Given = Loaded<Sample | FeatureSample>;

async function loaded(source: AsyncIterable<Given>): Promise<Given[]> {
  const list: Given[] = [];
  for await (const sample of source) list.push(sample);
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
  const memories: Readonly<Record<string, MemoryLimits>> = {
    "all kept": { keptBytes: 2 ** 20, shuffled: 100, shuffledBytes: 2 ** 20 },
    // Shards of 8, 8 and 7 images: one of them is kept.
    "one shard kept": { keptBytes: 10 * 16 * 16 * 3, shuffled: 4, shuffledBytes: 2 ** 20 },
    "nothing kept": { keptBytes: 0, shuffled: 4, shuffledBytes: 2 ** 20 },
    "a buffer of few bytes": { keptBytes: 0, shuffled: 100, shuffledBytes: 3000 },
  };
  const open = (dataset: Dataset, seed: number, putAside: PutAside, limits: MemoryLimits): EpochSource =>
    new ShuffledEpochs({ dataset, seed, putAside, ahead: 3 }, limits);
  const idsOf = async (samples: AsyncIterable<Given>) => (await loaded(samples)).map((s) => s.id);

  for (const [name, limits] of Object.entries(memories)) {
    it(`${name}: each sample once, an order of its own for each epoch and seed, the same again`, async () => {
      const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 23 })));
      const ids = (seed: number, epoch: number) => idsOf(open(data, seed, NONE, limits).epoch(epoch));
      const first = await ids(1, 1);
      assert.equal(new Set(first).size, 23);
      assert.deepEqual(await ids(1, 1), first);
      assert.notDeepEqual(await ids(1, 2), first);
      assert.notDeepEqual(await ids(2, 1), first);
      // An epoch's order does not depend on the epochs before it, which a resumed training has not seen.
      const source = open(data, 1, NONE, limits);
      await idsOf(source.epoch(1));
      assert.deepEqual(await idsOf(source.epoch(2)), await ids(1, 2));
    });

    it(`${name}: begins anywhere in an epoch, broken pictures counted, and may be left anywhere`, async () => {
      const files = await writeData(temporaryFolder(), { train: 23, broken: [3, 11] });
      const data = new Dataset(artifactOf(files));
      const source = open(data, 1, NONE, limits);
      const whole = await loaded(source.epoch(1));
      assert.equal(whole.filter((sample) => "broken" in sample).length, 2);
      for (const from of [0, 1, 5, 22, 23]) {
        assert.deepEqual(await loaded(source.epoch(1, from)), whole.slice(from), String(from));
        assert.deepEqual(await loaded(open(data, 1, NONE, limits).epoch(1, from)), whole.slice(from));
      }
      const part: string[] = [];
      for await (const { id } of open(data, 1, NONE, limits).epoch(1)) {
        part.push(id);
        if (part.length === 5) break;
      }
      assert.deepEqual(
        part,
        whole.slice(0, 5).map((s) => s.id),
      );
    });

    it(`${name}: what is put aside is never learned from, and comes in the order of the data set`, async () => {
      const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 23 })));
      const all = (await samplesOf(data.samples("train"))).map((s) => s.id);
      const putAside = validationShare(0.3);
      const source = open(data, 1, putAside, limits);
      const learned = await idsOf(source.epoch(1));
      const aside = await idsOf(source.validation());
      assert.deepEqual(aside, all.filter(putAside));
      assert.ok(aside.length > 0 && aside.length < all.length);
      assert.deepEqual([...learned, ...aside].sort(), [...all].sort());
    });
  }

  it("have an order that does not depend on what is kept", async () => {
    const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 23 })));
    const limits = { shuffled: 4, shuffledBytes: 2 ** 20 };
    const order = async (keptBytes: number) => {
      const source = open(data, 1, NONE, { ...limits, keptBytes });
      return [await loaded(source.epoch(1)), await loaded(source.epoch(2))];
    };
    assert.deepEqual(await order(2 ** 20), await order(0));
  });

  it("come through a buffer: a sample lies some way from where the shards have it", async () => {
    const data = new Dataset(artifactOf(await writeData(temporaryFolder(), { train: 60, shards: 1 })));
    const numbers = (await idsOf(open(data, 1, NONE, memories["nothing kept"]!).epoch(1))).map((id) =>
      Number(id.slice("image ".length)),
    );
    // At most 5 are in hand, so the n-th to come is one of the first n + 5.
    assert.ok(numbers.every((number, i) => number < i + 5));
    assert.ok(numbers.some((number, i) => number > i));
  });

  it("name a damaged shard", async () => {
    const folder = temporaryFolder();
    const files = await writeData(folder, { train: 6 });
    writeFileSync(join(folder, "shards/train-1.tar"), "x".repeat(700));
    const source = open(new Dataset(artifactOf(files)), 1, NONE, memories["all kept"]!);
    await assert.rejects(loaded(source.epoch(1)), /cannot read the shard shards\/train-1\.tar/);
  });
});
