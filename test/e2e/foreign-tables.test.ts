import assert from "node:assert/strict";
import { test } from "node:test";
import { PhotoRig } from "./rig.js";

/** Pictures, and a command over a table: theirs unless told otherwise. */
function rigWith(command: string, more = "", input = "crawl"): Promise<PhotoRig> {
  const make = `  make: { uses: exec, inputs: { a: ${input} }, with: { command: '${command}' } }`;
  return PhotoRig.with(2, "foreign", `${make}\n${more}`);
}

const SOUND = "$INPUT_A/images.parquet";

test("a Parquet file of a command that cannot be read: which, what is wrong, what to do", async () => {
  for (const [command, says] of [
    ["echo no > $OUTPUT/x.parquet", "x.parquet, which is no Parquet file (3 bytes)"],
    [`head -c 600 ${SOUND} > $OUTPUT/x.parquet`, "x.parquet, a Parquet file without its end (600 bytes)"],
    [
      `mkdir $OUTPUT/in; { head -c 4 ${SOUND}; tail -c 300 ${SOUND}; } > $OUTPUT/in/x.parquet`,
      "in/x.parquet, a Parquet file that cannot be read: it is damaged, or",
    ],
  ] as const) {
    const rig = await rigWith(command);
    const done = await rig.pipe("run", "p.yaml");
    assert.equal(done.code, 1);
    assert.ok(done.stderr.includes(`make failed: the command wrote ${says}`), done.stderr);
    assert.match(done.stderr, /hint: look whether the program closes the file/);
    assert.doesNotMatch(done.stderr, /LINE 1|scratch\/tasks/);
  }
});

test("a folder may be called like a Parquet file, and its files like a pattern", async () => {
  const rig = await rigWith(`mkdir $OUTPUT/x.parquet; cp ${SOUND} "$OUTPUT/x.parquet/part[0].parquet"`);
  assert.equal((await rig.run()).status, "succeeded");
});

test("a table without pictures is no input of a stage that works on them", async () => {
  const rig = await rigWith(
    "cp $INPUT_A/labels.parquet $OUTPUT",
    `  first: { uses: label, inputs: { images: crawl }, with: { teacher: { type: builtin } } }
  small: { uses: resize, inputs: { images: make }, with: { size: 8 } }
`,
    "first",
  );
  const done = await rig.pipe("run", "p.yaml");
  assert.equal(done.code, 1);
  assert.match(done.stderr, /^small failed: labels\.parquet at its input `images` has no column blob$/m);
  assert.match(done.stderr, /hint: a row is an item/);
});
