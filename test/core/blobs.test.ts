import assert from "node:assert/strict";
import { chmodSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import test from "node:test";
import { BlobReader, listPacks } from "../../src/core/blobs.js";
import { StageError } from "../../src/core/errors.js";
import { sha256 } from "../../src/core/hash.js";
import { loosePath, packsFolder } from "../../src/core/layout.js";
import { PackWriter } from "../../src/core/packs.js";
import { temporaryFolder } from "../rigs/folder.js";

function addPack(root: string, name: string, blobs: readonly string[], withIndex = true): void {
  const writer = new PackWriter(join(packsFolder(root), `${name}.pack`));
  for (const blob of blobs) writer.append(sha256(blob), Buffer.from(blob));
  if (withIndex) writeFileSync(join(packsFolder(root), `${name}.idx`), writer.encodeIndex());
  writer.close();
}

function addLoose(root: string, blob: string): string {
  const path = loosePath(root, sha256(blob));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, blob);
  return path;
}

async function failure(reader: BlobReader, blob: string): Promise<StageError["options"]> {
  try {
    await reader.read(sha256(blob));
  } catch (error) {
    assert.ok(error instanceof StageError);
    return error.options;
  }
  throw new Error("it was read");
}

test("reads loose blobs, packed blobs, and packed blobs without an index", async () => {
  const root = temporaryFolder();
  addLoose(root, "loose");
  addPack(root, "a", ["one", "two"]);
  addPack(root, "b", ["three"], false);
  const reader = new BlobReader(root);
  for (const blob of ["loose", "one", "two", "three"]) {
    assert.equal((await reader.read(sha256(blob))).toString(), blob);
    assert.ok(reader.has(sha256(blob)));
  }
  assert.ok(reader.hasFile(sha256("loose")));
  assert.ok(!reader.hasFile(sha256("one")));
  assert.deepEqual(listPacks(root), ["a", "b"]);
  reader.close();
});

test("finds a pack that came after the others were listed", async () => {
  const root = temporaryFolder();
  const reader = new BlobReader(root);
  assert.ok(!reader.has(sha256("late")));
  addPack(root, "a", ["late"]);
  assert.equal((await reader.read(sha256("late"))).toString(), "late");
  rmSync(packsFolder(root), { recursive: true });
  assert.equal((await reader.read(sha256("late"))).toString(), "late", "an open pack is read on");
  reader.close();
  assert.ok(!reader.has(sha256("late")));
});

test("a missing blob and a damaged one are told apart, and named", async () => {
  const root = temporaryFolder();
  writeFileSync(addLoose(root, "loose"), "lxose");
  addPack(root, "a", ["one", "two"]);
  const path = join(packsFolder(root), "a.pack");
  const bytes = readFileSync(path);
  bytes[bytes.indexOf("two")] = 0;
  writeFileSync(path, bytes);
  const reader = new BlobReader(root);
  const hint = (options: StageError["options"]) => [options.class, options.blob];
  assert.deepEqual(hint(await failure(reader, "loose")), ["damaged-blob", sha256("loose")]);
  assert.deepEqual(hint(await failure(reader, "two")), ["damaged-blob", sha256("two")]);
  assert.deepEqual(hint(await failure(reader, "none")), ["missing-blob", sha256("none")]);
  assert.equal((await reader.read(sha256("one"))).toString(), "one");
  reader.close();
});

test("a shortened pack gives the blobs before the cut", async () => {
  const root = temporaryFolder();
  addPack(root, "a", ["one", "two"]);
  const path = join(packsFolder(root), "a.pack");
  truncateSync(path, readFileSync(path).length - 1);
  const reader = new BlobReader(root);
  assert.equal((await reader.read(sha256("one"))).toString(), "one");
  assert.equal((await failure(reader, "two")).class, "missing-blob");
  reader.close();
});

test("a blob struck from one pack is read from another", async () => {
  const root = temporaryFolder();
  addPack(root, "a", ["one", "two"]);
  addPack(root, "b", ["two"]);
  writeFileSync(join(packsFolder(root), "a.gone"), Buffer.from(sha256("one") + sha256("two"), "hex"));
  const reader = new BlobReader(root);
  assert.ok(!reader.has(sha256("one")));
  assert.equal((await reader.read(sha256("two"))).toString(), "two");
  reader.close();
});

test("only a sha256 becomes a path", () => {
  const reader = new BlobReader("/store");
  for (const name of ["../../etc/passwd", "AB".repeat(32), "ab", ""])
    assert.throws(() => reader.path(name), TypeError);
});

test("a blob that cannot be opened is an error of the system, not a missing blob", {
  skip: process.getuid?.() === 0,
}, async () => {
  const root = temporaryFolder();
  chmodSync(addLoose(root, "closed"), 0);
  await assert.rejects(new BlobReader(root).read(sha256("closed")), { code: "EACCES" });
});
