import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { hashRecord, SYNC_HASH_BYTES, sha256, sha256File, sha256FileSync } from "../../src/core/hash.js";
import { temporaryFolder } from "../rigs/folder.js";

// FIPS 180-2, appendix B: "abc", and a million times "a"
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const MILLION_A = "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";

test("sha256 of text, bytes and files, larger than the read buffer too", async () => {
  assert.equal(sha256("abc"), ABC);
  assert.equal(sha256(Buffer.from("abc")), ABC);
  const path = join(temporaryFolder(), "file");
  writeFileSync(path, "a".repeat(1_000_000));
  assert.equal(await sha256File(path), MILLION_A);
  assert.equal(sha256FileSync(path), MILLION_A);
  assert.equal(sha256FileSync(path, Buffer.alloc(7919)), MILLION_A);
  writeFileSync(path, "");
  assert.equal(sha256FileSync(path), sha256(""));
  assert.equal(await sha256File(path), sha256(""));
});

test("a record's hash is that of its canonical JSON, whatever the order of its keys", () => {
  // python3 -c 'import hashlib; print(hashlib.sha256(b"{\"a\":[1,2],\"tag\":\"t/1\",\"z\":null}").hexdigest())'
  const expected = "3fe905f01e70a473b0ba386740322c729a037a02d5a0235deb6198586d02cebf";
  assert.equal(hashRecord({ tag: "t/1", a: [1, 2], z: null }), expected);
  assert.equal(hashRecord({ z: null, a: [1, 2], tag: "t/1" }), expected);
  assert.notEqual(hashRecord({ z: null, a: [2, 1], tag: "t/1" }), expected);
});

test("a file that is not there is the system's error", async () => {
  const path = join(temporaryFolder(), "none");
  await assert.rejects(sha256File(path), { code: "ENOENT" });
  assert.throws(() => sha256FileSync(path), { code: "ENOENT" });
});

test("a file has the hash of its bytes, small or large, with its size known or not", async () => {
  const path = join(temporaryFolder(), "file");
  for (const size of [0, 3, 1 << 20, (1 << 20) + 1, SYNC_HASH_BYTES, SYNC_HASH_BYTES + 1]) {
    const bytes = Buffer.alloc(size, "pixels");
    writeFileSync(path, bytes);
    assert.equal(await sha256File(path), sha256(bytes), `${size} bytes`);
    assert.equal(sha256FileSync(path), sha256(bytes), `${size} bytes, at once`);
    assert.equal(sha256FileSync(path, Buffer.alloc(1 << 20), size), sha256(bytes), `${size} known bytes`);
  }
});
