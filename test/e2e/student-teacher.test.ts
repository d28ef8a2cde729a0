import assert from "node:assert/strict";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { writeStudent } from "../rigs/student.js";
import { PhotoRig, stageOf } from "./rig.js";

const pipeline = (model: string) => `version: 1
name: taught
stages:
  crawl: { uses: crawl, with: { source: { type: local, path: pictures } } }
  resize: { uses: resize, inputs: { images: crawl }, with: { size: 32 } }
  label: { uses: label, inputs: { images: resize }, with: { teacher: { type: student, model: ${model} } } }
`;

test("a student labels anew when the model's content changes, not when its path does", async () => {
  const rig = new PhotoRig();
  await rig.pictures(5);
  await writeStudent(join(rig.folder, "model"));
  rig.write("p.yaml", pipeline("model"));
  assert.equal(stageOf(await rig.run(), "label").items?.processed, 5);
  cpSync(join(rig.folder, "model"), join(rig.folder, "moved"), { recursive: true });
  rig.write("p.yaml", pipeline("moved"));
  assert.equal(stageOf(await rig.run(), "label").status, "cached");
  await rig.picture("new.png", 77);
  assert.equal(stageOf(await rig.run(), "label").items?.processed, 1);
  await writeStudent(join(rig.folder, "moved"), 4);
  assert.equal(stageOf(await rig.run(), "label").items?.processed, 6);
  rmSync(join(rig.folder, "moved"), { recursive: true });
  const gone = await rig.pipe("plan", "p.yaml");
  assert.match(gone.stdout + gone.stderr, /there is no model .*moved/);
});
