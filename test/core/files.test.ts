import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { fsyncPath, writeFileAtomic } from "../../src/core/files.js";
import { temporaryFolder } from "../rigs/folder.js";
import { untilPowerCut } from "../rigs/power.js";

test("a file is written whole, in a folder made for it, with its mode", () => {
  const path = join(temporaryFolder(), "a/b/file");
  writeFileAtomic(path, "one");
  writeFileAtomic(path, Buffer.from("two"), 0o444);
  assert.equal(readFileSync(path, "utf8"), "two");
  assert.equal(statSync(path).mode & 0o777, 0o444);
  assert.deepEqual(readdirSync(join(path, "..")), ["file"]);
  fsyncPath(path);
  fsyncPath(join(path, ".."));
});

test("cut at any write, the file holds the old text or the new", async () => {
  const seen = new Set<string>();
  for (let limit = 1; ; limit++) {
    const path = join(temporaryFolder(), "file");
    writeFileSync(path, "old text");
    const { finished } = await untilPowerCut(limit, true, async () => writeFileAtomic(path, "the new text"));
    const text = readFileSync(path, "utf8");
    assert.ok(text === "old text" || text === "the new text", text);
    seen.add(text);
    if (finished) break;
  }
  assert.deepEqual([...seen], ["old text", "the new text"]);
});

test("where the file cannot be put in place, the error is the system's", () => {
  const folder = temporaryFolder();
  mkdirSync(join(folder, "taken/by a folder"), { recursive: true });
  assert.throws(() => writeFileAtomic(join(folder, "taken"), "text"), { code: "EISDIR" });
});
