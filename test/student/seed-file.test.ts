import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";
import { readPickleFile } from "../../src/core/pickle/file.js";
import { readSeedFile } from "../../src/student/seed-file.js";
import { PAIRS } from "../core/pickle/pickles.js";
import { temporaryFolder } from "../rigs/folder.js";

const folder = temporaryFolder();

function file(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const whole = Buffer.from(PAIRS[4]!, "base64");

test("one picture and its scores, packed or not, whatever the name", async () => {
  for (const path of [
    file("one.pkl", whole),
    file("one.pkl.gz", gzipSync(whole)),
    file("packed.pkl", gzipSync(whole)),
  ]) {
    const images = await readSeedFile(path);
    assert.equal(images.length, 1);
    const [image] = images;
    assert.deepEqual([image?.width, image?.height], [2, 2]);
    assert.deepEqual([...image!.pixels], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert.deepEqual(image?.scores, Float64Array.of(0.25, 0, 0.75));
  }
});

test("what is no (X, y), or a damaged file, is told apart", async () => {
  const refused = (path: string, pattern: RegExp) =>
    assert.rejects(readSeedFile(path), (error: Error & { options?: { class?: string } }) => {
      assert.match(`${error.options?.class}: ${error.message}`, pattern);
      return true;
    });
  await refused(file("none.pkl", Buffer.from("N.")), /^no-seed-file: .*no pair/);
  await refused(file("flat.pkl", Buffer.from("(]]t.")), /^no-seed-file/);
  await refused(
    file("gray.pkl", Buffer.from("((((K\x01K\x02ttt(K\x00tt.", "latin1")),
    /^no-seed-file: .*a picture of it is \[1, 1, 2\]/,
  );
  await refused(
    file("high.pkl", Buffer.from("((((K\x01K\x02K\x03ttt(K\x02tt.", "latin1")),
    /score of tag 0 is 2/,
  );
  await refused(file("uneven.pkl", Buffer.from("((((K\x01K\x02K\x03t(K\x01K\x02tt(Ktt.", "latin1")), /./);
  await refused(file("cut.pkl", gzipSync(whole).subarray(0, 60)), /^broken-pickle: .*gzip/);
  await refused(file("text.pkl", Buffer.from("hello")), /^broken-pickle/);
  await refused(file("empty.pkl", Buffer.alloc(0)), /^broken-pickle/);
});

test("a gzip bomb is left when it passes the limit, whatever size it claims", async () => {
  const bomb = gzipSync(Buffer.alloc(20_000_000, "("));
  const path = file("bomb.pkl", bomb);
  const before = process.memoryUsage().arrayBuffers;
  await assert.rejects(readPickleFile(path, 1_000_000), /too large: it unpacks to more than 1000000 bytes/);
  assert.ok(process.memoryUsage().arrayBuffers - before < 8_000_000);
  // A claim of 4 GiB in a file of 60 bytes reserves no more than deflate could have packed.
  const small = gzipSync(whole);
  small.writeUInt32LE(0xffffffff, small.length - 4);
  await assert.rejects(readPickleFile(file("claim.pkl", small)), /gzip/);
});
