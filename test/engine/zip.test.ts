import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { extractEntry, zipEntries } from "../../src/engine/install/zip.js";
import { temporaryFolder } from "../rigs/context.js";

/** Made by Python 3.11's zipfile: a stored, a deflated and an empty file, and a comment. */
const ZIP =
  "UEsDBBQAAAAAAAAAIQA8QlUPEAAAABAAAAAMAAAAYS9zdG9yZWQudHh0c3RvcmVkIGFzIGl0IGlzClBLAwQUAAAACAAAACEANhM+9hkAAAAIBwAADgAAAGEvZGVmbGF0ZWQudHh0S0lNy0ksSU1RSBlljDJGGaOMUcYoY+QxAFBLAwQUAAAAAAAAACEAAAAAAAAAAAAAAAAACwAAAGEvZW1wdHkudHh0UEsBAhQDFAAAAAAAAAAhADxCVQ8QAAAAEAAAAAwAAAAAAAAAAAAAAIABAAAAAGEvc3RvcmVkLnR4dFBLAQIUAxQAAAAIAAAAIQA2Ez72GQAAAAgHAAAOAAAAAAAAAAAAAACAAToAAABhL2RlZmxhdGVkLnR4dFBLAQIUAxQAAAAAAAAAIQAAAAAAAAAAAAAAAAALAAAAAAAAAAAAAACAAX8AAABhL2VtcHR5LnR4dFBLBQYAAAAAAwADAK8AAACoAAAACQBhIGNvbW1lbnQ=";

const signal = new AbortController().signal;

function archive(change: (bytes: Buffer) => Buffer = (bytes) => bytes): { folder: string; path: string } {
  const folder = temporaryFolder();
  const path = join(folder, "a.zip");
  writeFileSync(path, change(Buffer.from(ZIP, "base64")));
  return { folder, path };
}

test("files of a zip archive come out as they went in", async () => {
  const { folder, path } = archive();
  const contents: Record<string, string> = {};
  for (const entry of await zipEntries(path)) {
    await extractEntry(path, entry, join(folder, entry.name), signal);
    contents[entry.name] = readFileSync(join(folder, entry.name), "utf8");
  }
  assert.deepEqual(contents, {
    "a/stored.txt": "stored as it is\n",
    "a/deflated.txt": "deflated ".repeat(200),
    "a/empty.txt": "",
  });
});

test("an archive that was cut off or damaged is refused, and no file of it gets its name", async () => {
  const cut = archive((bytes) => bytes.subarray(0, 150));
  await assert.rejects(zipEntries(cut.path), /no whole wheel/);
  const damaged = archive((bytes) => {
    bytes[50]! ^= 1; // in the data of a/stored.txt
    return bytes;
  });
  const [stored] = await zipEntries(damaged.path);
  const to = join(damaged.folder, "stored.txt");
  await assert.rejects(extractEntry(damaged.path, stored!, to, signal), /no whole wheel/);
  assert.throws(() => readFileSync(to));
});
