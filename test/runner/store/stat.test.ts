import assert from "node:assert/strict";
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
import { Store } from "../../../src/runner/store/store.js";
import { temporaryFolder } from "../../rigs/context.js";

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
  const { open } = await import("lmdb");
  const database = open<Buffer, string>({ path: join(folder, "artifacts/cache/stat"), encoding: "binary" });
  const entry = Buffer.from(database.get(path)!);
  Buffer.from(sha256("planted"), "hex").copy(entry, 32);
  database.putSync(path, entry);
  await database.close();
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
  const { open } = await import("lmdb");
  const database = open<Buffer, string>({ path: join(folder, "artifacts/cache/stat"), encoding: "binary" });
  assert.deepEqual([...database.getKeys()], []);
  await database.close();
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

for (const [damage, harm] of [
  ["shortened to its first pages", (path: string) => truncateSync(path, 3 * 4096)],
  ["shortened by a page", (path: string) => truncateSync(path, statSync(path).size - 4096)],
  ["cut in its first page", (path: string) => truncateSync(path, 100)],
  ["overwritten", (path: string) => writeFileSync(path, Buffer.alloc(readFileSync(path).length, 0x5a))],
  ["emptied", (path: string) => truncateSync(path, 0)],
  ["deleted", (path: string) => rmSync(path)],
] as const) {
  test(`a database ${damage} is built anew`, async () => {
    const folder = temporaryFolder();
    const paths = Array.from({ length: 2000 }, (_, i) => join(folder, `file ${i}`));
    for (const path of paths) oldFile(path, path);
    const first = Store.open(join(folder, "artifacts"));
    for (const path of paths) await first.stat.hashFile(path);
    await first.close();
    harm(join(folder, "artifacts/cache/stat/data.mdb"));
    const second = Store.open(join(folder, "artifacts"));
    for (const path of paths) assert.equal(await second.stat.hashFile(path), sha256(path));
    await second.close();
    const third = Store.open(join(folder, "artifacts"), { readOnly: true });
    for (const path of paths) assert.equal(await third.stat.hashFile(path), sha256(path));
    await third.close();
  });
}

test("where no database can be made, files are hashed each time", async () => {
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
