import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { loadPipeline } from "../../../src/runner/config/load.js";
import { temporaryFolder } from "../../rigs/folder.js";
import { registry, rigValidators, shown } from "./rig.js";

async function shownFor(name: string, prepare: (path: string) => void): Promise<string> {
  const folder = temporaryFolder();
  prepare(join(folder, name));
  const options = { registry, validators: await rigValidators(), profiles: [], overrides: [] };
  return shown({ ...(await loadPipeline(join(folder, name), options)), folder });
}

const write = (...bytes: (string | number)[]) => {
  const parts = bytes.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part)));
  return (path: string) => writeFileSync(path, Buffer.concat(parts));
};

const CASES: readonly { name: string; prepare: (path: string) => void; expected: string }[] = [
  {
    name: "a missing file",
    prepare: () => {},
    expected: `there is no file p.yaml
  hint: is the path right, seen from the current folder?`,
  },
  {
    name: "a folder",
    prepare: (path) => mkdirSync(path),
    expected: `p.yaml is a folder
  hint: name the pipeline file in it`,
  },
  {
    name: "a FIFO, without waiting for a writer",
    prepare: (path) => execFileSync("mkfifo", [path]),
    expected: `p.yaml is no regular file
  hint: a pipeline is read from a plain YAML file`,
  },
  {
    name: "a loop of symbolic links",
    prepare: (path) => symlinkSync(path, path),
    expected: "p.yaml is a loop of symbolic links",
  },
  {
    name: "a file of 100 MiB, without reading it",
    prepare: (path) => {
      writeFileSync(path, "");
      truncateSync(path, 100 * 1024 * 1024);
    },
    expected: `p.yaml has 100.0 MiB; a pipeline file has 1 MiB at most
  hint: is this the right file? Long lists belong into files that a stage reads`,
  },
  {
    // "version: 1\n" are 11 bytes, `name: "a` are 8.
    name: "invalid UTF-8, with its offset",
    prepare: write('version: 1\nname: "a', 0xff, '"\n'),
    expected: `p.yaml:2:9: the file holds the byte 0xff at offset 19: it is no valid UTF-8
  2 | name: "a\ufffd"
    |         ^
  hint: save it as UTF-8`,
  },
  {
    name: "UTF-8 that ends inside a character",
    prepare: write("version: 1\nname: ", 0xe6, 0x97),
    expected: `p.yaml:2:7: the file ends inside the character at offset 17: it is no valid UTF-8
  2 | name: \ufffd
    |       ^
  hint: save it as UTF-8`,
  },
  {
    name: "a character that goes wrong in its second byte",
    prepare: write("a: ", 0xe6, "A\n"),
    expected: `p.yaml:1:4: the file holds the byte 0xe6 at offset 3: it is no valid UTF-8
  1 | a: \ufffdA
    |    ^
  hint: save it as UTF-8`,
  },
  {
    name: "UTF-16",
    prepare: write(0xff, 0xfe, "v\0e\0r\0"),
    expected: `p.yaml is UTF-16 text
  hint: save it as UTF-8`,
  },
  {
    name: "NUL characters",
    prepare: write("version: 1\nna\0me: x"),
    expected: `p.yaml:2:3: the file holds a NUL character: it is no text
  2 | na\u00b7me: x
    |   ^
  hint: is this the right file?`,
  },
];

for (const { name, prepare, expected } of CASES) {
  test(name, async () => assert.equal(await shownFor("p.yaml", prepare), expected));
}
