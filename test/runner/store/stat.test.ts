import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { sha256 } from "../../../src/core/hash.js";
import { statFiles } from "../../../src/runner/store/stat.js";
import { Store } from "../../../src/runner/store/store.js";
import { temporaryFolder } from "../../rigs/folder.js";

const OLD = new Date("2020-01-01T00:00:00Z");

function oldFile(path: string, text: string): void {
  writeFileSync(path, text);
  utimesSync(path, OLD, OLD);
}

test("an unchanged file is hashed once: what is remembered is given without reading", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "a");
  oldFile(path, "one");
  const first = Store.open(join(folder, "artifacts"));
  assert.equal(await first.stat.hashFile(path), sha256("one"));
  await first.close();
  // Plant another hash: only a cache that does not read the file can give it back.
  const [table] = statFiles(join(folder, "artifacts/cache/stat"));
  const bytes = readFileSync(table!);
  Buffer.from(sha256("planted"), "hex").copy(bytes, bytes.indexOf(sha256("one"), "hex"));
  const sum = createHash("sha256").update(bytes.subarray(0, -32)).digest();
  sum.copy(bytes, bytes.length - 32);
  writeFileSync(table!, bytes);
  const second = Store.open(join(folder, "artifacts"));
  assert.equal(await second.stat.hashFile(path), sha256("planted"));
  // Any sign of change has it read again: times, and the inode.
  utimesSync(path, OLD, new Date("2021-01-01T00:00:00Z"));
  assert.equal(await second.stat.hashFile(path), sha256("one"));
  await second.close();
});

test("content of equal size and time is told apart by inode and change time", async () => {
  const folder = temporaryFolder();
  const path = join(folder, "a");
  oldFile(path, "one");
  const store = Store.open(join(folder, "artifacts"));
  await store.stat.hashFile(path);
  oldFile(path, "two");
  assert.equal(await store.stat.hashFile(path), sha256("two"));
  oldFile(join(folder, "b"), "six");
  renameSync(join(folder, "b"), path);
  assert.equal(await store.stat.hashFile(path), sha256("six"));
  await store.close();
});

test("a file changed just before it was hashed is not remembered, nor one from the future", async () => {
  const folder = temporaryFolder();
  const store = Store.open(join(folder, "artifacts"));
  const path = join(folder, "a");
  const soon = new Date(Date.now() + 3_600_000);
  writeFileSync(path, "young");
  writeFileSync(join(folder, "b"), "future");
  utimesSync(join(folder, "b"), soon, soon);
  await store.stat.hashFile(path);
  await store.stat.hashFile(join(folder, "b"));
  await store.close();
  assert.deepEqual(statFiles(join(folder, "artifacts/cache/stat")), []);
});

test("very long paths and paths with line breaks are remembered too", async () => {
  const folder = temporaryFolder();
  const deep = join(folder, ...Array.from({ length: 14 }, () => "d".repeat(200)));
  mkdirSync(deep, { recursive: true });
  const store = Store.open(join(folder, "artifacts"));
  for (const path of [join(deep, "a"), join(folder, "b\nc")]) {
    oldFile(path, path);
    assert.equal(await store.stat.hashFile(path), sha256(path));
    assert.equal(await store.stat.hashFile(path), sha256(path));
  }
  await store.close();
});

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  bytes[5000] = (bytes[5000] as number) ^ 4;
  writeFileSync(path, bytes);
}

for (const [damage, harm] of [
  ["shortened", (path: string) => truncateSync(path, statSync(path).size - 96)],
  ["cut in its first record", (path: string) => truncateSync(path, 50)],
  ["overwritten", (path: string) => writeFileSync(path, Buffer.alloc(readFileSync(path).length, 0x5a))],
  ["changed in one bit", flipBit],
  ["emptied", (path: string) => truncateSync(path, 0)],
  ["deleted", (path: string) => rmSync(path)],
] as const) {
  test(`a table ${damage} is built anew`, async () => {
    const folder = temporaryFolder();
    const paths = Array.from({ length: 2000 }, (_, i) => join(folder, `file ${i}`));
    for (const path of paths) oldFile(path, path);
    const first = Store.open(join(folder, "artifacts"));
    for (const path of paths) await first.stat.hashFile(path);
    await first.close();
    const [table] = statFiles(join(folder, "artifacts/cache/stat"));
    harm(table!);
    const second = Store.open(join(folder, "artifacts"));
    for (const path of paths) assert.equal(await second.stat.hashFile(path), sha256(path));
    await second.close();
    const third = Store.open(join(folder, "artifacts"), { readOnly: true });
    for (const path of paths) assert.equal(await third.stat.hashFile(path), sha256(path));
    await third.close();
  });
}

test("where no cache can be kept, files are hashed each time", async () => {
  const folder = temporaryFolder();
  oldFile(join(folder, "a"), "one");
  const store = Store.open(join(folder, "artifacts"));
  writeFileSync(join(store.root, "cache"), "a file in the way");
  assert.equal(await store.stat.hashFile(join(folder, "a")), sha256("one"));
  await store.close();
});

test("a missing file is the system's error", async () => {
  const store = Store.open(join(temporaryFolder(), "artifacts"));
  await assert.rejects(store.stat.hashFile(join(store.root, "none")), { code: "ENOENT" });
  await store.close();
});

test("what two processes learn at once is kept, and their tables become one", async () => {
  const folder = temporaryFolder();
  const paths = Array.from({ length: 12 }, (_, i) => join(folder, `file ${i}`));
  for (const path of paths) oldFile(path, path);
  const stores = [0, 1, 2].map(() => Store.open(join(folder, "artifacts")));
  for (const [i, path] of paths.entries()) await stores[i % 3]!.stat.hashFile(path);
  for (const store of stores) await store.close();
  assert.equal(statFiles(join(folder, "artifacts/cache/stat")).length, 3);
  const next = Store.open(join(folder, "artifacts"));
  oldFile(paths[0]!, "changed");
  for (const path of paths.slice(1)) assert.equal(await next.stat.hashFile(path), sha256(path));
  assert.equal(await next.stat.hashFile(paths[0]!), sha256("changed"));
  await next.close();
  const [only, ...others] = statFiles(join(folder, "artifacts/cache/stat"));
  assert.deepEqual(others, []);
  // 12 records of 96 bytes and a trailer of 40
  assert.equal(statSync(only!).size, 12 * 72 + 40);
});
