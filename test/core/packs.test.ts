import assert from "node:assert/strict";
import { appendFileSync, openSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { sha256 } from "../../src/core/hash.js";
import { PackIndex } from "../../src/core/pack-index.js";
import { PackWriter, readPlace, scanPack } from "../../src/core/packs.js";
import { temporaryFolder } from "../rigs/folder.js";

function blobsOf(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(`blob ${i} `.repeat(1 + (i % 7))));
}

function writePack(path: string, blobs: readonly Buffer[]): PackWriter {
  const writer = new PackWriter(path);
  for (const bytes of blobs) writer.append(sha256(bytes), bytes);
  return writer;
}

test("a record is magic, length, hash, bytes", () => {
  const path = join(temporaryFolder(), "a.pack");
  writePack(path, [Buffer.from("abc")]).close();
  // sha256("abc"), FIPS 180-2 appendix B.1
  const hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(readFileSync(path, "hex"), `50534231${"03000000"}${hash}616263`);
});

test("several blobs at once are written as one by one, without those that are there", () => {
  const folder = temporaryFolder();
  const blobs = blobsOf(3000);
  writePack(join(folder, "a.pack"), blobs).close();
  const writer = writePack(join(folder, "b.pack"), blobs.slice(0, 7));
  writer.appendAll(blobs.slice(5).map((bytes) => [sha256(bytes), bytes] as const));
  assert.equal(writer.count, 3000);
  writer.close();
  assert.deepEqual(readFileSync(join(folder, "b.pack")), readFileSync(join(folder, "a.pack")));
});

test("the index finds every blob and no other", () => {
  const path = join(temporaryFolder(), "a.pack");
  const blobs = blobsOf(5000);
  const writer = writePack(path, blobs);
  const index = PackIndex.decode(writer.encodeIndex());
  writer.close();
  assert.ok(index);
  assert.equal(index.count, 5000);
  assert.equal(index.packSize, statSync(path).size);
  const fd = openSync(path, "r");
  for (const bytes of blobs) {
    const place = index.find(Buffer.from(sha256(bytes), "hex"));
    assert.ok(place);
    assert.deepEqual(readPlace(fd, place), bytes);
  }
  for (let i = 0; i < 100; i++)
    assert.equal(index.find(Buffer.from(sha256(`absent ${i}`), "hex")), undefined);
  const hashes = [...index.entries()].map(({ hash }) => hash.toString("hex"));
  assert.deepEqual(hashes, blobs.map((bytes) => sha256(bytes)).sort());
});

test("an index with any byte changed is no index", () => {
  const writer = writePack(join(temporaryFolder(), "a.pack"), blobsOf(3));
  const bytes = writer.encodeIndex();
  writer.close();
  for (let at = 0; at < bytes.length; at++) {
    const broken = Buffer.from(bytes);
    broken[at] = (broken[at] as number) ^ 1;
    assert.equal(PackIndex.decode(broken), undefined, `byte ${at}`);
  }
  assert.equal(PackIndex.decode(bytes.subarray(1)), undefined);
  assert.equal(PackIndex.decode(Buffer.alloc(0)), undefined);
});

test("cut at any byte, the records before the cut remain and writing goes on", () => {
  const path = join(temporaryFolder(), "a.pack");
  const blobs = blobsOf(4);
  writePack(path, blobs).close();
  const whole = readFileSync(path);
  const ends = [...scanPack(path)].map(({ end }) => end);
  for (let cut = 0; cut < whole.length; cut++) {
    writeFileSync(path, whole.subarray(0, cut));
    const kept = ends.filter((end) => end <= cut).length;
    assert.equal([...scanPack(path)].length, kept, `cut at ${cut}`);
    const writer = new PackWriter(path);
    assert.equal(writer.count, kept);
    for (const bytes of blobs) writer.append(sha256(bytes), bytes);
    writer.close();
    assert.deepEqual(readFileSync(path), whole, `cut at ${cut}`);
  }
});

test("a writer takes a blob whose bytes were changed as absent", () => {
  const path = join(temporaryFolder(), "a.pack");
  const blobs = blobsOf(3);
  writePack(path, blobs).close();
  const [, second] = [...scanPack(path)];
  const bytes = readFileSync(path);
  bytes[second!.offset] = 0;
  writeFileSync(path, bytes);
  const records = [...scanPack(path, { verify: true })];
  assert.deepEqual(
    records.map(({ intact }) => intact),
    [true, false, true],
  );
  const writer = new PackWriter(path);
  assert.deepEqual(
    blobs.map((blob) => writer.has(sha256(blob))),
    [true, false, true],
  );
  writer.append(sha256(blobs[1]!), blobs[1]!);
  writer.close();
  assert.equal([...scanPack(path, { verify: true })].filter(({ intact }) => intact).length, 3);
});

test("a blob is written once, an empty one too, and one larger than the read-ahead", () => {
  const path = join(temporaryFolder(), "a.pack");
  const blobs = [Buffer.alloc(0), Buffer.alloc(3 << 20, 7), Buffer.from("x")];
  const writer = writePack(path, [...blobs, ...blobs]);
  writer.close();
  const records = [...scanPack(path, { verify: true })];
  assert.deepEqual(
    records.map(({ length, intact }) => [length, intact]),
    [
      [0, true],
      [3 << 20, true],
      [1, true],
    ],
  );
});

test("garbage after the records is cut off, and a truncated file is continued", () => {
  const path = join(temporaryFolder(), "a.pack");
  writePack(path, blobsOf(2)).close();
  const size = statSync(path).size;
  appendFileSync(path, Buffer.alloc(100));
  new PackWriter(path).close();
  assert.equal(statSync(path).size, size);
  truncateSync(path, 0);
  new PackWriter(path).close();
  assert.deepEqual([...scanPack(path)], []);
});
