import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { JsonObject } from "../../../src/core/json.js";
import { kind } from "../../../src/stages/index/kind.js";
import { stage } from "../../../src/stages/index/run.js";
import { rigContext } from "../../rigs/context.js";
import { rowsOf, type Sample, writeSamples } from "../screen/tables.js";

const DEFAULTS = { top: 5000, min_count: 1, min_score: 0 };

const SAMPLES: readonly Sample[] = [
  { id: "a", tags: { cat: 0.9, dog: 0.6, Zebra: 0.3 } },
  { id: "b", tags: { cat: 0.8, dog: 0.4, ä: 0.3 } },
  { id: "c", tags: { cat: 0.7, bird: 0.9 } },
  { id: "d", tags: {} },
];

async function index(params: JsonObject, files: Record<string, string> = {}) {
  const { labels } = await writeSamples(SAMPLES);
  const context = rigContext({
    with: { ...DEFAULTS, ...params },
    inputs: { labels: { "labels.parquet": labels } },
  });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(context.base, name), text);
  const result = await stage.run(context);
  const rows = await rowsOf(join(context.outDir("index"), "index.parquet"));
  return { rows, result, notes: context.notes };
}

const list = (rows: readonly JsonObject[]) => rows.map((row) => `${row.position} ${row.tag} ${row.count}`);

test("every tag has a unit, which follows from the tags alone", async () => {
  const { rows, result } = await index({});
  // Units from the rule of docs/decisions/0011 in Python (hashlib), over cat, dog | Zebra, bird, ä.
  assert.deepEqual(list(rows), ["0 dog 2", "1 Zebra 1", "2 cat 3", "3 bird 1", "4 ä 1"]);
  assert.deepEqual(result.metrics, { tags: 5, labels: 8, labels_covered: 1 });
  const table = result.outputs?.index?.[0];
  assert.ok(table && "table" in table);
  // Golden: when this changes, raise the kind's version.
  assert.equal(table.table?.content, "338269337dfbd20a9eb0d4f53679d3beab1234bf43f1bf5ff8fb33fc3d530f4f");
});

test("top, min_count and min_score cut the list", async () => {
  const top = await index({ top: 2 });
  assert.deepEqual(list(top.rows), ["0 cat 3", "1 dog 2"]);
  assert.equal(top.result.metrics?.labels_covered, 0.625); // 5 of 8 labels
  assert.deepEqual(list((await index({ min_count: 2 })).rows), ["0 cat 3", "1 dog 2"]);
  assert.deepEqual(list((await index({ min_score: 0.5 })).rows), ["0 dog 1", "1 bird 1", "2 cat 3"]);
});

test("fewer tags than asked for are no failure, but said", async () => {
  assert.match((await index({ top: 10 })).notes.join(), /only 5 tags qualify; `top` asks for up to 10/);
});

test("a fixed list keeps its order and its unseen tags", async () => {
  const { rows, notes } = await index({ tags: ["bird", "it's", "cat"] });
  assert.deepEqual(list(rows), ["0 bird 1", "1 it's 0", "2 cat 3"]);
  assert.match(notes.join(), /1 of 3 listed tags occur in no image: "it's"/);
});

test("a tags file as lines (BOM, CRLF and blank lines allowed) and as JSON", async () => {
  const lines = await index({ tags_file: "t.txt" }, { "t.txt": "\uFEFFdog\r\n\r\n cat \r\n" });
  assert.deepEqual(list(lines.rows), ["0 dog 2", "1 cat 3"]);
  const json = await index({ tags_file: "t.json" }, { "t.json": '["cat", "dog"]' });
  assert.deepEqual(list(json.rows), ["0 cat 3", "1 dog 2"]);
});

test("lists that cannot be used say why", async () => {
  const fails = (params: JsonObject, files: Record<string, string>, message: RegExp) =>
    assert.rejects(index(params, files), message);
  await fails({ tags_file: "t.txt" }, {}, /t\.txt cannot be read/);
  await fails({ tags_file: "t.txt" }, { "t.txt": "\n \n" }, /t\.txt holds no tag/);
  await fails(
    { tags_file: "t.txt" },
    { "t.txt": "a\nb\na\n" },
    /"a" stands twice in t\.txt: at positions 0 and 2/,
  );
  await fails({ tags_file: "t.json" }, { "t.json": "[1]" }, /not a JSON array of tag names/);
  await fails({ tags_file: "t.json" }, { "t.json": "[" }, /t\.json is not JSON/);
  await fails({ tags_file: "t.txt", tags: ["a"] }, { "t.txt": "a" }, /both given/);
  await fails({ min_count: 99 }, {}, /no tag was left/);
});

test("the tags file counts by content, not by name", async () => {
  const identity = (tags_file: string) =>
    kind.identity?.({ with: { tags_file }, base: "/b", seed: 0, hashFile: async () => "h", warn() {} });
  assert.deepEqual(await identity("one.txt"), { tags_file: "h" });
  assert.deepEqual(await identity("one.txt"), await identity("two.txt"));
});
