import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import sharp from "sharp";
import type { JsonObject } from "../../../src/core/json.js";
import { openEngine } from "../../../src/engine/engine.js";
import { items as label } from "../../../src/stages/label/run.js";
import { loadStudent } from "../../../src/student/model-file.js";
import { rigContext, temporaryFolder } from "../../rigs/context.js";
import { STUDENT_SIZE, STUDENT_TAGS, writeStudent } from "../../rigs/student.js";
import { teacherConformance } from "./teachers-conformance.js";

const folder = temporaryFolder();
await writeStudent(folder);
const teacher = { type: "student", model: folder, max_results: 50 };

teacherConformance("student", () => teacher);

async function labelOne(
  params: JsonObject,
  bytes: Buffer,
  row: JsonObject,
  inputs: Record<string, Record<string, string>> = {},
) {
  const context = rigContext({ with: { teacher: params }, inputs });
  const worker = await label.open(context);
  const blob = context.addBlob(bytes);
  const [outcome] = await worker.process([{ id: "x", input: blob, locator: "", row: { ...row, blob } }]);
  await worker.close?.();
  assert.ok(outcome?.ok);
  return outcome.columns.labels as unknown as { tag: string; score: number }[];
}

/** A picture of the student's size, and its pixels. */
async function picture(): Promise<{ png: Buffer; pixels: Buffer }> {
  const pixels = Buffer.from(Array.from({ length: 32 * 32 * 3 }, (_, i) => (i * 7) & 255));
  const png = await sharp(pixels, { raw: { ...STUDENT_SIZE, channels: 3 } })
    .png()
    .toBuffer();
  return { png, pixels };
}

test("student: the labels are the model's own scores, by its tags", async () => {
  const { png, pixels } = await picture();
  const student = await loadStudent((name) => join(folder, name), await openEngine("wasm"));
  const scores = await student.predict([pixels]);
  student.dispose();
  const found = await labelOne(teacher, png, { ...STUDENT_SIZE });
  assert.equal(found.length, STUDENT_TAGS.length);
  for (const { tag, score } of found) {
    assert.ok(Math.abs(score - scores[STUDENT_TAGS.indexOf(tag)]!) <= 0.00005, tag);
  }
  const file = { ...teacher, model: join(folder, "model.json") };
  assert.deepEqual(await labelOne(file, png, { ...STUDENT_SIZE }), found);
  assert.equal((await labelOne({ ...teacher, max_results: 2 }, png, { ...STUDENT_SIZE })).length, 2);
});

test("student: a model at the input `teacher` gives what one in a folder gives", async () => {
  const { png } = await picture();
  const files = Object.fromEntries(readdirSync(folder).map((name) => [name, join(folder, name)]));
  const { model: _, ...params } = teacher;
  const found = await labelOne(params, png, { ...STUDENT_SIZE }, { teacher: files });
  assert.deepEqual(found, await labelOne(teacher, png, { ...STUDENT_SIZE }));
});

test("student: no model, two, or one that nobody asked for, is said", async () => {
  const files = { "student.json": join(folder, "student.json") };
  const opening = (params: JsonObject, inputs = {}) =>
    Promise.resolve(label.open(rigContext({ with: { teacher: params }, inputs })));
  await assert.rejects(opening({ type: "student", max_results: 5 }), /the teacher `student` has no model/);
  await assert.rejects(opening(teacher, { teacher: files }), /given two models/);
  await assert.rejects(opening({ type: "builtin" }, { teacher: files }), /the teacher is builtin/);
  await assert.rejects(opening({ ...teacher, model: join(folder, "none") }), /there is no model/);
});
